"""ceasefire: when, where and on what terms a war may end."""
