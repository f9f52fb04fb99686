"""Bounces: what mail servers report of letters after our relay took them."""
