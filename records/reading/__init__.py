"""Reading much at once: statements that live on, asked together in one and run as they were written out before."""
