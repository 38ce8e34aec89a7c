"""What one would install instead: django-import-export on a model of leads, in a project of its own."""
