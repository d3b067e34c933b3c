"""How characters become a plate."""
