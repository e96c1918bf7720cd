says="the breaker opens after five failures in a row and refuses at once; nothing reaches the service"
needs="20-demo 30-retry"
check() {
    local said
    said=$(load /down/1 50 3)
    echo "$said"
    expect "what got through" "$(evaluate "$said" 'it["status"].get("500")')" '^5$'
    expect "what was refused" "$(evaluate "$said" 'it["status"].get("503") == 145 and it["flags"] == {"CB": 145}')" '^true$'
    expect "its metric" "$(look "$demo" "$(pod "$demo" app=shop)" /metrics)" 'sidecar_breaker_state\{direction="outbound",route="down",[^}]*state="open"\} 1'
    note "$said"
}
