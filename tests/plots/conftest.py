"""Pictures are drawn in memory."""

import matplotlib

matplotlib.use("Agg")
