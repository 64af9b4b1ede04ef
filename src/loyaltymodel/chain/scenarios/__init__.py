"""From a driver to money: a scenario, what it brings, and how sure that is."""
