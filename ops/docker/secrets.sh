#!/bin/sh
# Makes the passwords of compose.yaml, once: files that exist are kept.
set -eu
folder=$(dirname "$0")/secrets
mkdir -p "$folder"
for server in postgres mysql; do
  if [ ! -e "$folder/$server-password" ]; then
    password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s' "$password" >"$folder/$server-password"
    printf '%s' "$server://holdfast:$password@$server/holdfast" >"$folder/$server-url"
  fi
done
# Compose gives a container the file itself, and its user is another one, so the folder is what nobody else may enter.
chmod 0700 "$folder"
chmod 0444 "$folder"/*
