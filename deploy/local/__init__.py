"""The whole system on one machine: private stores and all processes below one data folder."""
