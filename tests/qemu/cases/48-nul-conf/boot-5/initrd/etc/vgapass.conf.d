This is no folder.
