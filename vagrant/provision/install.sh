#!/bin/sh
# Makes a fresh Debian 12 into one of the machines. Vagrant calls it as root; once more changes nothing.
#   install.sh MACHINE lab|hsflowd
set -eu
machine=$1
sflow=$2
root=/opt/spillway
files=$root/vagrant/files
export DEBIAN_FRONTEND=noninteractive

install_packages() {
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "$@"
}

# A unit that runs a command; $1 its name, $2 its type, $3 the command.
write_unit() {
  cat > "/etc/systemd/system/$1.service" << UNIT
[Unit]
Description=$1 of Spillway's lab
Before=frr.service gobgpd.service
[Service]
Type=$2
ExecStart=$3
Restart=$([ "$2" = oneshot ] && echo no || echo always)
RemainAfterExit=$([ "$2" = oneshot ] && echo yes || echo no)
[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable "$1.service"
  systemctl restart "$1.service"
}

# The project with its own Node.js: npm brings it.
install_project() {
  install_packages npm
  (cd "$root" && npm ci --omit=dev --no-audit --no-fund)
}

start_frr() {
  # The kernel shall replace IPv6 routes at one stroke.
  sed -i -e 's/^bgpd=no/bgpd=yes/' \
    -e 's/^zebra_options=.*/zebra_options="  -A 127.0.0.1 -s 90000000 --v6-rr-semantics"/' /etc/frr/daemons
  install -o frr -g frr -m 640 "$files/$machine.frr.conf" /etc/frr/frr.conf
  systemctl enable frr.service
  systemctl restart frr.service
}

case $machine in
  router) install_packages frr nftables tcpdump ;;
  isp*) install_packages frr ;;
  server) ;;
  controller) install_packages gobgpd ;;
  *)
    echo "there is no machine \"$machine\"" >&2
    exit 2
    ;;
esac
write_unit spillway-wire oneshot "$root/vagrant/provision/wire.sh $machine $files"

case $machine in
  router)
    start_frr
    case $sflow in
      lab)
        install_project
        write_unit spillway-exporter exec "$root/vagrant/provision/with-node.sh lab/exporter.ts @$files/exporter.json"
        ;;
      hsflowd) "$root/vagrant/provision/build-hsflowd.sh" "$files/hsflowd.conf" ;;
      *)
        echo "SFLOW=$sflow: use lab or hsflowd" >&2
        exit 2
        ;;
    esac
    ;;
  isp*) start_frr ;;
  server)
    install_project
    printf '#!/bin/sh\nexec %s/vagrant/provision/with-node.sh lab/send.ts "$@"\n' "$root" > /usr/local/bin/send
    chmod 755 /usr/local/bin/send
    ;;
  controller)
    install_project
    # As docs/install.md says, but for where the project comes from.
    ln -sf "$root/bin/spillway" /usr/bin/spillway
    install -D -m 644 "$root/packaging/sysusers.conf" /etc/sysusers.d/spillway.conf
    systemd-sysusers
    install -D -m 644 "$files/spillway.yaml" /etc/spillway/spillway.yaml
    mkdir -p /etc/gobgpd /etc/systemd/system/gobgpd.service.d
    spillway gobgpd-config -c /etc/spillway/spillway.yaml > /etc/gobgpd/gobgpd.toml
    install -m 644 "$root/packaging/gobgpd.service.d/spillway.conf" /etc/systemd/system/gobgpd.service.d/
    install -m 644 "$root/packaging/spillway.service" "$root/packaging/spillway-watchdog.service" /etc/systemd/system/
    systemctl daemon-reload
    systemctl enable gobgpd.service spillway-watchdog.service spillway.service
    systemctl restart gobgpd.service spillway-watchdog.service spillway.service
    ;;
esac
