#!/bin/sh
# curl against echo_server.py: curl_echo.sh HOST PORT FILE. Ends with `done`.
host=$1 port=$2 file=$3
case $host in *:*) host="[$host]" ;; esac
url=http://$host:$port

ask() { curl -gsS -m 20 "$@"; }
same() { # same NAME SEEN WANTED
    [ "$2" = "$3" ] || { echo "$1: $2 instead of $3"; exit 1; }
}
sum() { sha256sum | cut -d' ' -f1; }
whole=$(sum <"$file")

same 'post' "$(ask --data-binary "@$file" "$url/echo" | sum)" "$whole"
same 'expect' "$(ask -H 'Expect: 100-continue' --data-binary "@$file" "$url/echo" | sum)" "$whole"
same 'put' "$(ask -T "$file" "$url/echo" | sum)" "$whole"
same 'chunked' "$(ask -T - "$url/echo" <"$file" | sum)" "$whole"
same 'form' "$(ask -F "f=@$file" "$url/form" | grep -o '"method": "POST"')" '"method": "POST"'
same 'expect is forwarded' "$(ask -H 'Expect: 100-continue' -d x "$url/x" | grep -o '"expect": "100-continue"')" '"expect": "100-continue"'
same 'delete' "$(ask -X DELETE "$url/d%2f1" | grep -o '"target": "[^"]*"')" '"target": "/d%2f1"'
same 'unknown method' "$(ask -X BREW "$url/" | grep -o '"method": "BREW"')" '"method": "BREW"'
echo done
