/**
 * The tiny parent of a script, in POSIX sh (design: "Processes"). It leads a process group (and session) of its own, in
 * which the script and all that it starts live. It ends by killing that group with SIGKILL, itself included: when the
 * script has ended and its output was carried on, so that nothing stays behind; or earlier, when the lifeline closes. In
 * the first case all its own children are reaped before; in the second process 1 has to do that (containers need an
 * init, `docker run --init`).
 *
 * Its file descriptors, given by the worker:
 *
 * - 0, the lifeline: nothing is ever written to it. It closes when the worker closes it, or dies, even of kill -9.
 * - 1 and 2: where the script's output goes. The script writes to pipes, not to these directly: Node gives sockets to
 *   its children, and `/dev/stdout` and `/dev/stderr` cannot be opened when they are sockets. One `cat` for each carries
 *   it on.
 * - 3: the exit code of the script, as decimal text and a line end.
 *
 * SIGTERM to the group is meant for the script: the guard and its `cat`s ignore it, so that the script's last words and
 * its exit code still come through; the script itself begins with the default handling.
 */
export const GUARD = `
exec 4<&0 5>&1 6>&2 </dev/null >/dev/null 2>&1
trap '' TERM INT HUP QUIT
( read -r _ <&4; kill -KILL 0 ) 3>&- 5>&- 6>&- &
lifeline=$!
( exec 7>&1 4<&-
  ( exec 8>&1 >/dev/null
    ( trap - TERM INT HUP QUIT; exec "$@" ) >&7 2>&8 3>&- 5>&- 6>&- 7>&- 8>&-
    echo "$?" >&3
  ) | exec cat >&6 3>&- 5>&- 6>&- 7>&-
) | exec cat >&5 3>&- 4<&- 5>&- 6>&-
kill -KILL "$lifeline"; wait "$lifeline"
kill -KILL 0
`;
