"""Safe Exam Browser: whether a sitting asks for it, its configuration file, and how a browser shows that it is one."""
