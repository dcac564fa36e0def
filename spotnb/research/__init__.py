"""Many runs, and runs over many machines."""
