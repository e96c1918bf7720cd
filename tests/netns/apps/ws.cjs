// WebSocket by npm `ws`: ws.cjs server PORT, or ws.cjs client URL. The client ends with `done`, or throws.
'use strict';
const assert = require('node:assert');
const crypto = require('node:crypto');
const { once } = require('node:events');
const { WebSocket, WebSocketServer } = require('ws');

function serve(port) {
    const server = new WebSocketServer({ port, host: '::', maxPayload: 50000000, handleProtocols: protocols => [...protocols].pop() });
    server.on('connection', (socket, request) => {
        socket.on('message', (data, isBinary) => {
            if (!isBinary && data.toString() === 'close me') socket.close(4002, 'as asked');
            else if (!isBinary && data.toString() === 'target') socket.send(request.url);
            else socket.send(data, { binary: isBinary });
        });
        socket.on('close', (code, reason) => console.log(`closed ${code} ${reason}`));
    });
    server.on('listening', () => console.log('listening'));
}

async function ask(socket, message) {
    socket.send(message);
    const [data, isBinary] = await once(socket, 'message');
    return isBinary ? data : data.toString();
}

async function open(url, protocols, options) {
    const socket = new WebSocket(url, protocols, options);
    await once(socket, 'open');
    return socket;
}

async function main(url) {
    for (const perMessageDeflate of [false, true]) {
        const socket = await open(`${url}/room%2F1?a=b`, ['v1', 'v2'], { perMessageDeflate });
        assert.strictEqual(socket.protocol, 'v2');
        assert.strictEqual(await ask(socket, 'target'), '/room%2F1?a=b');
        assert.strictEqual(await ask(socket, 'grüße'), 'grüße');
        const large = crypto.randomBytes(5000000);
        assert.ok(large.equals(await ask(socket, large)), 'the 5 MB frame differs');
        socket.ping('p');
        assert.strictEqual((await once(socket, 'pong'))[0].toString(), 'p');
        for (let i = 0; i < 200; i++) assert.strictEqual(await ask(socket, `message ${i}`), `message ${i}`);
        socket.close(4001, 'enough');
        assert.strictEqual((await once(socket, 'close'))[0], 4001);
    }

    const closed = await open(url, [], {});
    closed.send('close me');
    const [code, reason] = await once(closed, 'close');
    assert.deepStrictEqual([code, reason.toString()], [4002, 'as asked']);
    console.log('done');
}

if (process.argv[2] === 'server') serve(Number(process.argv[3]));
else main(process.argv[3]).then(() => process.exit(0), error => { console.error(error); process.exit(1); });
