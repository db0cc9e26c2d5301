"""Attacks on a gateway, and the honest merchant who must not notice them."""
