# SPDX-License-Identifier: BSD-2-Clause
# For a laboratory: an authority, and a certificate for the relay by it.
name=relay1.example.com
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req -x509 $key -days 3650 -subj "/CN=laboratory" -keyout ca.key -out ca.pem
openssl req $key -subj "/CN=$name" -addext "subjectAltName=DNS:$name" -keyout relay.key -out relay.csr
openssl x509 -req -in relay.csr -copy_extensions copy -days 365 -CA ca.pem -CAkey ca.key -CAcreateserial -out relay.pem
install -m 0644 ca.pem relay.pem /etc/msrprelayd
install -o root -g msrprelay -m 0640 relay.key /etc/msrprelayd
