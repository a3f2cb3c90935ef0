#!/bin/sh
# Says in <file>.log when it meets another attempt at the same file: the lock goes with its process, however that ends.
exec 9> "$1$3.lock"
flock -n 9 || echo overlap >> "$1$3.log"
echo start >> "$1$3.log"
sleep 0.2
echo end >> "$1$3.log"
