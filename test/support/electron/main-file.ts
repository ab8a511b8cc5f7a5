// Stands for the built main file under test, in whose place the hook puts that file.
throw new Error('The hook of the stand-in is not loaded.');
