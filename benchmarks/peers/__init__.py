"""Other people's packages on the same problems in the same run; they live in an environment of their own."""
