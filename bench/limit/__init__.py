"""The limit: the least that an honest page must do, on Certfolio's own tables. No framework, no models, no menus."""
