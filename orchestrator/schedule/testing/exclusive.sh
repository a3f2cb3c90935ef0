#!/bin/sh
# Prints when it meets another attempt at the same file: the lock goes with its process, however that ends.
exec 9< "$1$3"
flock -n 9 || echo overlap
echo start
sleep 0.2
echo end
