"""The names other code relies on, frozen: adding one is a decision, losing one a break."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import thermo_cl as tcl

PUBLIC = {
    "thermo_cl": """
        CurveMetrics Kernel Ladder MarkovNetwork PeriodicResponse PeriodicSignal Sawtooth UpdateCurve __version__
        adaptive_threshold amplitude_window chemotaxis_kernel crossing_metrics cycle_affinity drive
        driven_update edge_entropy_production entropy_production_rate errors exact_crossing_metrics
        exact_window_metrics integral_feedback_kernel learning linear_noise markov noisy_update periodic_response
        periodic_state probability_currents propagate relaxation_kernel segment_metrics sine_kernel
        solve_steady_state stationary_noise steady_thermodynamics step_response_kernel uncertainty_ratios
        units update_curve update_slope weight_update""",
    "thermo_cl.errors": """
        ConvergenceError DataError DeadLayerWarning DisconnectedNetworkError DivergenceError DivergentIntegralError
        InvalidParameterError RampWindowWarning StiffnessError
        IrreversibleEdgeError MemoryLimitError NormalizationError NotConnectedError OutputError
        ReducibleNetworkError SilentUpdatesWarning SweepError ThermoError UnknownEquationError
        WeightDegeneracyWarning""",
    "thermo_cl.feedback": """
        AdmissibleWindow CapacitorMemristor CarrierReport Chemical DimerSynapse EdgeNetwork ExactGradient
        LinearController MaxwellUnit NonlinearController PhysicalRule PhysicalRun ReactionNetwork SHIPPED Scenario
        Task TwoState adaptation_test admissible_window carrier_table driven_response elastic_network jump_network
        resistor_network shipped small_signal_kernel train""",
    "thermo_cl.feedback.learning": """
        Carrier Cells ExactGradient FixedSignal KernelCarrier PhysicalRule PhysicalRun Rule Shape TwoState Weights
        cells_of driven_shape integral_over_cells ramp_shape threshold_integral train""",
    "thermo_cl.feedback.linear": """
        Adaptation LinearController adaptation_test double_integral_feedback feedback_loop has_integrator high_pass
        integral_feedback leaky_area leaky_first_moment low_pass parallel sensed_integral_feedback series""",
    "thermo_cl.feedback.mechanochemical": """
        Chemical ChemicalLoop ChemicalTrajectory Rest Turnover follow_chemicals turnover_cost""",
    "thermo_cl.feedback.molecular": """
        DimerResponse DimerSynapse ReversibleDimer UpdateCost dimer_copies dimer_report dimer_response
        follow_monomers linker_updates""",
    "thermo_cl.feedback.nanofluidic": "CapacitorMemristor ChannelResponse ConicalChannel RectifyingPair",
    "thermo_cl.feedback.networks": """
        Contrast EdgeNetwork Equilibrium Lowest Problem Task accuracy allosteric_task angle apart_nodes
        boundary_nodes contrast delaunay_resistor_network disordered_elastic_network elastic_network gradient
        linear_floor loss loss_and_gradient lowest_loss node_dofs outputs pair_strain regression_task
        resistor_network square_resistor_network two_class_task voltage_division_task""",
    "thermo_cl.feedback.nonlinear": """
        AdaptationError DrivenResponse NonlinearController NonlinearUpdate OperatingPoint Timescales
        adaptation_error antithetic_feedback driven_response linearised nonlinear_update operating_point
        saturated_integral_feedback small_signal_kernel thresholded_update timescales""",
    "thermo_cl.feedback.reactions": """
        Channels ConservationLaw JumpProcess MOLECULES_PER_UM_FL Reaction ReactionNetwork Saturated TimeCourse
        integrate jump_network parse_reaction reaction_entropy_production reaction_forces steady_concentrations
        timescales""",
    "thermo_cl.feedback.series": """
        Balance Balanced Plasticity RelaxationModes Schedule SeriesNetwork Trajectory cycle_heat cycle_square
        imbalance matched_network network_cycle_heat nudging_schedule ramp_shapes relaxation_modes simulate""",
    "thermo_cl.explore": """
        PARAMETERS PRESETS ExplorerSettings Parameter View compute dataset from_query netcdf_bytes python_lines serve
        to_query""",
    "thermo_cl.kernels": """
        Kernel PeriodicResponse PeriodicSignal chemotaxis_kernel high_pass_kernel integral_feedback_kernel
        periodic_response sine_kernel""",
    "thermo_cl.markov": """
        KERNEL_PARAMETERS STEADY_STATE_METHODS BirthDeath CurrentSamples DrivenCycle DrivenNetwork
        DrivenPath Edges EntropySamples EntropySplit JumpCounts JumpRecord Ladder LadderDerivatives
        LadderEdges LadderObjective LadderSensitivities MarkovNetwork NetworkObjective PlantedNetwork
        RelaxationTimes Ring SampledPaths StationaryNoise SteadyState SteadyThermodynamics StepMoments
        StepSensitivities UncertaintyRatios UniformRing Violation activity count_jumps cumulants
        cycle_affinity detailed_balance_violation deviation_matrix drive driven_trajectory_entropy
        edge_current edge_entropy_production entropy_increments entropy_production_rate
        entropy_production_sensitivities fundamental_cycles gallavotti_cohen_defect is_detailed_balanced
        ladder_kernel_tangents ladder_sensitivities log_cost log_offset normalized_tangent
        periodic_state planted_network probability_currents propagate record_paths relaxation_kernel
        relaxation_times sample_currents sample_driven_paths sample_paths sample_thinned_paths
        scaled_cumulant_generating_function solve_steady_state split_entropy_production stationary_noise
        steady_currents steady_forces steady_state_sensitivities steady_states steady_thermodynamics
        step_kernel_tangent step_response_kernel step_sensitivities trajectory_entropy
        uncertainty_ratios LabelledNetwork load_rates save_rates to_networkx FastRungs LadderLaws bulk_laws
        cost_law cost_law_end critical_gamma end_excess fast_rung_limit finite_size_laws
        finite_size_scaling log_accuracy reversal_margin sharp_cost_law""",
    "thermo_cl.synapse": """
        adaptive_threshold amplitude_window crossing_metrics driven_update exact_crossing_metrics
        exact_window_metrics linear_noise noisy_update ramp_time_sensitivities segment_metrics
        thresholded_integral update_curve update_sensitivities update_slope update_tangent weight_update
        CurveMetrics DrivenUpdate LinearNoise NoisyUpdate Sawtooth UpdateCurve UpdateSensitivities""",
    "thermo_cl.learning": """
        Adam AdversarialTraining Backpropagation Convolution Dense DualPropagation FGSM FeedForwardNetwork
        ForwardBackpropagation HardSigmoid Linear MaxPooling MeanPooling PGD ReLU SoftmaxCrossEntropy SquaredError Tanh
        certified_radius lipschitz_bound lipschitz_product robust_accuracy stability_number
        BoltzmannEstimator BoltzmannMachine ClampingCycle ContrastiveHebbian DATASETS Dataset
        EnergyNetwork EnergyPhases EquilibriumPropagation Estimate Evaluation ForwardForwardNetwork LadderSynapse
        PhaseSchedule Progress RandomPhases Relaxation Rule RunConfiguration SGD TemporalContrast Trained activation
        always_on angles evaluate isd learn load_configuration run shipped_configurations split train two_term""",
    "thermo_cl.learning.boltzmann": """
        AnnealedEstimate BoltzmannEstimator BoltzmannMachine LearnedReplicas annealed_log_partition energy
        exact_gradient follow_replicas free_energy held hidden_probabilities learn_replicas log_likelihood
        log_partition model_expectations negative_log_likelihood row_entropy sample total_variation
        visible_distribution visible_probabilities""",
    "thermo_cl.learning.data": """
        DATASETS Dataset bars_and_stripes binarised digits mnist mnist12k read_idx split""",
    "thermo_cl.learning.energy": """
        ACTIVATIONS Activation Clip EnergyNetwork Parameters Relaxation Sigmoid SoftClip States Tanh
        activation check_batch check_relaxation clamped_energy output_cost relax relaxation_energies
        rises stable_step""",
    "thermo_cl.learning.forward_forward": """
        ForwardForwardNetwork active_units error_rate follow_network goodness_of label_goodness loss_slope phase_loss
        predict with_labels wrong_labels""",
    "thermo_cl.learning.laboratory": """
        ChainFamily FiniteModel PhaseChain PhaseMoments best_baseline best_probability bias_constant
        boltzmann_family boltzmann_model boltzmann_moments contrastive_divergence gradient_flow isd_covariance
        isd_excess isd_trace least_trace moving_bias_constant moving_mean persistent_bias persistent_long_run
        persistent_start phase_bias phase_kernel phase_moments stationary_moments two_term_covariance""",
    "thermo_cl.learning.phases": """
        Adam AdaptiveProbability BothPhases Carried EnergyPhases FixedLength GeometricLength Learned Moments Optimizer
        Phase PhaseModel PhaseSchedule Plan RandomPhase RandomPhases RunningMean SGD State always_on begin follow isd
        learn step_seed two_term""",
    "thermo_cl.learning.robustness": """
        AdversarialTraining Attack FGSM PGD RobustAccuracy certified_radius layer_norms lipschitz_bound
        lipschitz_product robust_accuracy""",
    "thermo_cl.learning.rules": """
        Backpropagation ClampingCycle ContrastiveHebbian CurrentMap EquilibriumPropagation Estimate Rule
        TemporalContrast""",
    "thermo_cl.learning.synapses": "LadderSynapse OutputNoise ThresholdNoise",
    "thermo_cl.learning.training": """
        Evaluation Progress RunConfiguration Trained evaluate load_configuration run
        shipped_configurations train""",
    "thermo_cl.symbolic": """
        Check Equation KernelFamily Proof Step equation html_document latex_document names text_derivation""",
    "thermo_cl.units": "BOLTZMANN comparison_bits convert cost_per_bit landauer_limit",
    "thermo_cl.sweep": """
        Design Distribution FUNCTIONS Quantity StoreInfo SweepFunction SweepProgress atomic_output check_output
        choice integers label load_netcdf log_uniform open_store provenance save_netcdf store_info sweep
        uniform""",
}


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_are_frozen(module: str) -> None:
    room = importlib.import_module(module)
    assert sorted(room.__all__) == sorted(PUBLIC[module].split())
    for name in room.__all__:
        assert hasattr(room, name)


@pytest.mark.parametrize("module", sorted(set(PUBLIC) - {"thermo_cl.errors", "thermo_cl.units"}))
def test_tab_completion_offers_public_names_and_rooms(module: str) -> None:
    rooms = {name[len(module) + 1 :].split(".")[0] for name in PUBLIC if name.startswith(f"{module}.")}
    drawn = {"plotting"} if module == "thermo_cl" else set()
    room = importlib.import_module(module)
    assert set(dir(room)) == {*PUBLIC[module].split(), *rooms, *drawn}
    for name in dir(room):
        assert getattr(room, name) is not None


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_are_documented(module: str) -> None:
    room = importlib.import_module(module)
    assert room.__doc__
    for name in room.__all__:
        value = getattr(room, name)
        if callable(value):
            assert value.__doc__, name
            assert not value.__doc__.startswith(f"{name}("), f"{name} has only the generated docstring"


def test_the_contract_of_the_house() -> None:
    """The lines of DESIGN.md that other code relies on, as they stand there."""
    ladder = tcl.Ladder(gamma=1e-3, rate_factor=25.0, n_levels=5, reference_level=1, energy_step=2.0)
    assert ladder.rate_matrix(signal=0.0).shape == (10, 10)
    assert ladder.steady_state(signal=0.0).shape == (10,)
    assert isinstance(ladder.entropy_production_rate(signal=0.0), float)
    kernel = ladder.step_kernel(signal=200.0, baseline=0.0)
    assert isinstance(kernel(0.5), float)
    assert kernel.moment(0) == kernel.area
    assert kernel.moment(1) == kernel.first_moment
    assert kernel.normalized().first_moment == pytest.approx(-1.0, rel=1e-14)
    assert kernel.windowed(5.0).rescaled(5.0)(0.5) == kernel(2.5)
    kernel = tcl.chemotaxis_kernel(area=0.0, decay_rate=20.0)
    protocol = tcl.Sawtooth(fast=3.0, slow=15.0, mean=10.0)
    theta = tcl.adaptive_threshold(kernel, protocol, amplitude_max=50.0)
    assert tcl.weight_update(kernel, protocol, [10.0, 20.0], threshold=theta).shape == (2,)
    assert tcl.MarkovNetwork(ladder.rate_matrix()).n_states == 10


def test_import_is_light() -> None:
    """Heavy libraries are imported where they are used, not by ``import thermo_cl``."""
    code = (
        "import sys, thermo_cl; heavy = 'sympy matplotlib numba xarray pwlf typer tqdm pooch sklearn threadpoolctl "
        "scipy.ndimage panel bokeh'; print(*set(heavy.split()) & set(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []
