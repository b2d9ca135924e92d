"use strict";
(() => {
  const GREYS = {
    light: { text: "#3d4658", grid: "#e6e9ef", axis: "#9aa3b2" },
    dark: { text: "#c3cad8", grid: "#2a3241", axis: "#6c7789" },
  };
  const root = document.documentElement;
  const preferred = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem("thermo-cl-theme"); } catch { /* storage may be forbidden */ }
  let page = null;  // the Bokeh document

  const LOCAL = { sync: false };  // colours are the visitor's own affair, not the server's

  function paint() {
    const theme = chosen ?? (preferred.matches ? "dark" : "light");
    root.dataset.theme = theme;
    if (page === null) return;
    const grey = GREYS[theme];
    for (const model of page.all_models ?? page._all_models.values()) {
      switch (model.type) {
        case "LinearAxis": case "LogAxis":
          model.setv({ axis_label_text_color: grey.text, major_label_text_color: grey.text, axis_line_color: grey.axis }, LOCAL);
          break;
        case "Grid": model.setv({ grid_line_color: grey.grid }, LOCAL); break;
        case "Title": model.setv({ text_color: grey.text }, LOCAL); break;
        case "Legend": model.setv({ label_text_color: grey.text }, LOCAL); break;
      }
    }
  }

  document.getElementById("theme").addEventListener("click", () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("thermo-cl-theme", chosen); } catch { /* the choice then lasts for this page */ }
    paint();
  });
  preferred.addEventListener("change", paint);
  paint();

  const copy = document.getElementById("copy");
  copy.addEventListener("click", async () => {
    let done = true;
    try { await navigator.clipboard.writeText(location.href); } catch { done = false; }
    copy.textContent = done ? "Copied" : "See address bar";
    setTimeout(() => { copy.textContent = "Copy link"; }, 1500);
  });

  // Words and numbers, and the state in the address bar: browsers refuse more than some hundred changes in half a minute.
  function words(source) {
    const places = { tiles: "card-tiles", message: "message", code: "code" };
    let waiting = null;
    const write = () => { waiting = null; history.replaceState(null, "", "?" + source.data.query[0]); };
    const show = () => {
      for (const [column, id] of Object.entries(places)) {
        const place = document.getElementById(id), html = source.data[column][0];
        if (place.shown !== html) { place.innerHTML = html; place.shown = html; }
      }
    };
    source.connect(source.properties.data.change, () => { show(); waiting ??= setTimeout(write, 200); });
    show();
  }

  // Dots that follow the net currents: at a state each goes on along an edge with the share of its current.
  function flow(get) {
    const wanted = document.getElementById("flow");
    const still = window.matchMedia("(prefers-reduced-motion: reduce)");
    wanted.checked = !still.matches;
    const [edges, dots] = [get("data_edges"), get("data_flow")];
    let net = null, walkers = [];
    const draw = (xs, ys) => { dots.data.x = xs; dots.data.y = ys; dots.change.emit(); };
    const pick = (list, weights) => {
      let left = Math.random() * weights.reduce((a, b) => a + b, 0);
      for (let k = 0; k < list.length; k++) { left -= weights[k]; if (left <= 0) return list[k]; }
      return list[list.length - 1];
    };
    function rebuild() {
      const { x0, y0, x1, y1, current } = edges.data;
      const out = new Map(), all = [];
      for (let k = 0; k < current.length; k++) {
        const size = Math.abs(current[k]);
        if (size < 1e-14) continue;
        const [a, b] = [[x0[k], y0[k]], [x1[k], y1[k]]];
        const edge = current[k] > 0 ? { a, b, size } : { a: b, b: a, size };
        all.push(edge);
        const key = edge.a.join();
        if (!out.has(key)) out.set(key, []);
        out.get(key).push(edge);
      }
      const most = Math.max(0, ...all.map((edge) => edge.size));
      const strong = all.filter((edge) => edge.size > 1e-3 * most);
      net = { out, strong, weights: strong.map((edge) => edge.size) };
      const count = strong.length ? Math.min(60, 6 + 3 * strong.length) : 0;
      walkers = Array.from({ length: count }, () => ({ edge: pick(strong, net.weights), at: Math.random() }));
      if (count === 0) draw([], []);
    }
    function step() {
      const xs = [], ys = [];
      for (const walker of walkers) {
        walker.at += 0.045;
        if (walker.at >= 1) {
          walker.at -= 1;
          const next = net.out.get(walker.edge.b.join());
          walker.edge = next ? pick(next, next.map((edge) => edge.size)) : pick(net.strong, net.weights);
        }
        const { a, b } = walker.edge;
        xs.push(a[0] + walker.at * (b[0] - a[0]));
        ys.push(a[1] + walker.at * (b[1] - a[1]));
      }
      draw(xs, ys);
    }
    let rested = 0;  // while a slider moves, drawing has other things to do
    edges.connect(edges.properties.data.change, () => { rested = performance.now() + 250; rebuild(); });
    rebuild();
    wanted.addEventListener("change", () => { if (!wanted.checked) draw([], []); });
    setInterval(() => { if (wanted.checked && !document.hidden && walkers.length && performance.now() > rested) step(); }, 50);
  }

  // The way from one steady state to the other, frame by frame.
  function film(get) {
    const [path, states, cursor] = [get("data_path"), get("data_states"), get("data_cursor")];
    let playing = null;
    const stop = () => {
      if (playing === null) return;
      clearInterval(playing.timer);
      playing = null;
      cursor.data.time = []; cursor.data.occupancy = [];
      cursor.change.emit();
    };
    states.connect(states.properties.data.change, stop);
    path.connect(path.properties.data.change, () => {
      stop();
      const frames = path.data, rest = Array.from(states.data.radius), labels = states.data.label;
      let k = 0;
      states.data.label = rest.map(() => "");
      const show = () => {
        const done = k === frames.time.length;
        states.data.radius = done ? rest : rest.map((_, i) => frames["radius" + i][k]);
        if (done) states.data.label = labels;
        states.change.emit();
        if (done) { stop(); return; }
        cursor.data.time = [frames.time[k]]; cursor.data.occupancy = [frames.occupancy[k]];
        cursor.change.emit();
        k += 1;
      };
      playing = { timer: setInterval(show, 60) };
    });
  }

  // Figures look up CSS variables at every stroke, and the font size for every text, which makes the browser work out
  // all styles anew: half of the time to draw. There are no such variables here, and no size is relative.
  function unstyled() {
    try {
      Bokeh.require("core/visuals/visual").VisualProperties.prototype._get_css_value = () => "";
      const { PlotView } = Bokeh.require("models/plots/plot_canvas");
      Object.defineProperty(PlotView.prototype, "base_font_size", { get: () => 13 });
    } catch { /* other versions draw as they do */ }
  }

  const waiting = setInterval(() => {
    const found = window.Bokeh?.documents?.[0];
    if (!found?.get_model_by_name("data_path") || !found.get_model_by_name("data_page")) return;
    clearInterval(waiting);
    page = found;
    const get = (name) => page.get_model_by_name(name);
    unstyled();
    paint();
    words(get("data_page"));
    flow(get);
    film(get);
    root.dataset.ready = "yes";
  }, 50);
})();
