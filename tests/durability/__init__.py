"""Nothing is lost: processes are killed at every step, disks fill up and vanish, the database hangs and dies."""
