# Building with a line that tells how far it is. Read with `.`.
# shellcheck shell=sh

# build DIRECTORY [TARGET...]: a terminal has one line that changes; elsewhere there is a line for each twentieth of the
# work.
build() {
  export NINJA_STATUS='[%f of %t, %e s] '
  if [ -t 1 ]; then ninja -C "$@"; return; fi
  { ninja -C "$@" && echo built; } | {
    next=0
    done=no
    while IFS= read -r line; do
      case $line in
        "["*" of "*", "*" s] "*)
          n=${line#"["}
          total=${n#* of }
          n=$((20 * ${n%% *} / ${total%%,*}))
          if [ "$n" -ge "$next" ]; then
            printf '%s\n' "${line%%"]"*}]"
            next=$((n + 1))
          fi
          ;;
        built) done=yes ;;
        *) printf '%s\n' "$line" ;;
      esac
    done
    [ $done = yes ]
  }
}

# left_out DIRECTORY: what the configuration has left out, and why; one line each.
left_out() {
  sed -n 's/^.*Message: \(.* is not built: .*\)$/left out: \1/p' "$1/meson-logs/meson-log.txt" | sort -u
}
