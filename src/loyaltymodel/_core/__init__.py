"""What all rooms use: arrays, variables, options, intervals, resampling, results, tables."""
