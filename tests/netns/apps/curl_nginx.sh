#!/bin/sh
# curl against nginx: curl_nginx.sh HOST PORT FILE. PORT+1 is TLS; FILE is what nginx serves as /file. Ends with `done`.
host=$1 port=$2 file=$3
case $host in *:*) host="[$host]" ;; esac
url=http://$host:$port

ask() { curl -gsS -m 20 "$@"; }
same() { # same NAME SEEN WANTED
    [ "$2" = "$3" ] || { echo "$1: $2 instead of $3"; exit 1; }
}
code() { ask -o /dev/null -w '%{http_code}' "$@"; }
sum() { sha256sum | cut -d' ' -f1; }
whole=$(sum <"$file") size=$(wc -c <"$file")

same 'get' "$(ask "$url/file" | sum)" "$whole"
same 'http/1.0' "$(ask --http1.0 "$url/file" | sum)" "$whole"
same 'head' "$(ask -I "$url/file" | tr -d '\r' | sed -n 's/^[Cc]ontent-[Ll]ength: //p')" "$size"
same 'range' "$(ask -r 100-199 "$url/file" | sum)" "$(tail -c +101 "$file" | head -c 100 | sum)"
same 'range status' "$(code -r 100-199 "$url/file")" 206
same 'keep-alive' "$(ask -o /dev/null -o /dev/null -w '%{num_connects} ' "$url/text" "$url/text")" '1 0 '
same 'no content' "$(code "$url/none")" 204
same 'moved' "$(ask -o /dev/null -w '%{http_code} %{redirect_url}' "$url/moved")" "301 $url/else"
same 'gone' "$(ask "$url/gone")" 'gone'
same 'close' "$(ask "$url/close" "$url/close")" "$(printf 'bye\nbye')"
same 'compressed' "$(ask --compressed "$url/text" | sum)" "$(ask "$url/text" | sum)"
same 'target' "$(ask --path-as-is "$url/echo/a%2Fb/../c//d?x=%20y")" '/echo/a%2Fb/../c//d?x=%20y'
etag=$(ask -I "$url/file" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
same 'not modified' "$(code -H "If-None-Match: $etag" "$url/file")" 304
same 'too large' "$(code -H 'Expect: 100-continue' --data-binary "@$file" "$url/small")" 413
same 'in parallel' "$(ask -Z --parallel-max 20 $(for i in 1 2 3 4 5 6 7 8 9 10; do echo "-o /dev/null $url/file"; done) -w '%{size_download} ')" \
    "$size $size $size $size $size $size $size $size $size $size "
secure=https://$host:$((port + 1))
same 'tls' "$(ask -k "$secure/file" | sum)" "$whole"
same 'tls http/2' "$(ask -k --http2 -o /dev/null -w '%{http_version}' "$secure/file")" 2

# Refused is refused: at the connect, or by a reset in place of an answer; never by a page.
ask -o /dev/null -w '%{http_code}' "http://$host:$((port + 9))/" >/dev/null 2>&1
case $? in 7 | 56) ;; *) echo "closed port: curl ended with $?"; exit 1 ;; esac
echo done
