// The scripts that read a snapshot in the server's own container: plain POSIX shell, busybox will do. Paths come as
// arguments, never as part of the text. Pure.

/** Names of all pins, whosever. Only the one that is in use stays. */
export const pinPrefix = '.meili-operator-stream-'

/** $1 directory, $2 file, $3 pin. Prints one line: `lacks TOOLS`, `absent`, `other`, `denied`, or `pinned|named INODE BYTES DATE TIME ZONE`. */
export const lookScript = `export TZ=UTC0 LC_ALL=C
lacks=
for tool in dd stat ln rm; do command -v "$tool" >/dev/null 2>&1 || lacks="$lacks $tool"; done
[ -z "$lacks" ] || { echo "lacks$lacks"; exit 0; }
cd "$1" 2>/dev/null || { echo absent; exit 0; }
for old in ${pinPrefix}*; do [ "$old" = "$3" ] || rm -f "./$old"; done
[ -e "./$3" ] || ln "./$2" "./$3" 2>/dev/null
how=named file=$2
[ ! -e "./$3" ] || { how=pinned; file=$3; }
if [ ! -e "./$file" ]; then echo absent
elif [ -L "./$file" ] || [ ! -f "./$file" ]; then echo other
elif [ ! -r "./$file" ]; then echo denied
else stat -c "$how %i %s %y" "./$file"
fi`

/**
 * $1 directory, $2 file, $3 first mebibyte, $4 how many. stdout: the bytes. stderr: `open|after INODE BYTES DATE TIME ZONE` of the very file that
 * was read, and `HASH -` (sha256) where the container can tell. A reader whose operator is gone would wait for ever: it is ended.
 */
export const readScript = `export TZ=UTC0 LC_ALL=C
cd "$1" || exit 3
exec 3<"./$2" || exit 3
guard=
command -v timeout >/dev/null 2>&1 && guard='timeout 300'
stat -L -c 'open %i %s %y' /proc/self/fd/3 >&2
if command -v sha256sum >/dev/null 2>&1; then
  { $guard dd if=/proc/self/fd/3 bs=1048576 skip="$3" count="$4" 2>/dev/null | sha256sum >&2; } &
fi
$guard dd bs=1048576 skip="$3" count="$4" <&3 2>/dev/null
code=$?
wait
stat -L -c 'after %i %s %y' /proc/self/fd/3 >&2
exit $code`

/** $1 directory, $2 file, $3 pin. Prints the inode that the file's name leads to now, if any; and removes the pin, and those of the owner's other attempts. */
export const unpinScript = `cd "$1" 2>/dev/null || exit 0
stat -c %i "./$2" 2>/dev/null
rm -f "./\${3%-*}"-*`
