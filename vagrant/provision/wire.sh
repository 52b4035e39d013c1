#!/bin/sh
# Names this machine's network cards by their MAC addresses, gives them their addresses, and does what the kernel of
# its role needs: forwarding and sampling, routes that take the traffic, routes towards it. At every boot, and again
# as often as one likes.
#   wire.sh MACHINE FOLDER-OF-FILES
set -eu
machine=$1
files=$2

grep -v '^#' "$files/wires" | while read -r owner mac name addresses ifindex; do
  [ "$owner" = "$machine" ] || continue
  card=$(ip -br link | awk -v mac="$mac" '$3 == mac { sub(/@.*/, "", $1); print $1 }')
  if [ -z "$card" ]; then
    echo "no network card has $mac: the machine is not what the Vagrantfile says" >&2
    exit 1
  fi
  found=$(ip -o link show dev "$card" | cut -d: -f1)
  if [ "$ifindex" != - ] && [ "$ifindex" != "$found" ]; then
    echo "$name has ifIndex $found here, and not $ifindex: say so in /etc/spillway/spillway.yaml of the controller" >&2
  fi
  if [ "$card" != "$name" ]; then
    ip link set "$card" down
    ip link set "$card" name "$name"
  fi
  ip link set "$name" up
  for address in $(echo "$addresses" | tr , ' '); do ip address replace "$address" dev "$name"; done
done

case $machine in
  router)
    echo 1 > /proc/sys/net/ipv4/ip_forward
    echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
    nft delete table inet sampling 2> /dev/null || true
    nft -f "$files/sampling.nft"
    ;;
  isp*)
    # Without a word: what the ISPs take must not come back as ICMP.
    while read -r prefix; do ip route replace blackhole "$prefix"; done < "$files/prefixes"
    ;;
  server)
    routers=$(awk '$1 == "router" { all = $4 } $1 == "server" { gsub("/[0-9]+", "", all); print all }' "$files/wires")
    while read -r prefix; do
      case $prefix in
        *:*) router=${routers#*,} ;;
        *) router=${routers%,*} ;;
      esac
      ip route replace "$prefix" via "$router"
    done < "$files/prefixes"
    ;;
esac
