#!/bin/sh
# Founds the chain of docker-compose.yml once: a key in the volume of each validator, and then the manifest that all start by.
# Done again, or after it was cut off, it leaves a chain that is there as it is.
set -eu
chain=${CHAIN_FOLDER:-/chain}
keys=${KEYS_FOLDER:-/keys}
count=${VALIDATORS:-4}
scheme=${SCHEME:-ml-dsa-65}

if [ -f "$chain/manifest.json" ]; then
  echo "$chain/manifest.json is there, and is kept"
  exit 0
fi
# Nobody has signed yet by keys that are not in a manifest: new ones take their place.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quantumstream chain init --engine bft --validators "$count" --scheme "$scheme" \
  --name "${CHAIN_NAME:-harbour}" --chain-id "${CHAIN_ID:-7100}" --fund "${FUND:-}" \
  --password-file "$PASSWORD_FILE" --out "$work"
at=0
while [ "$at" -lt "$count" ]; do
  mkdir -p "$keys/$at"
  cp "$work/validator-$at.key" "$keys/$at/validator.key"
  chmod 600 "$keys/$at/validator.key"
  at=$((at + 1))
done
sync
cp "$work/manifest.json" "$chain/manifest.json.part"
mv "$chain/manifest.json.part" "$chain/manifest.json"
sync
