// gRPC by npm `@grpc/grpc-js`, without generated code: messages are bytes.
// grpc.cjs server PORT, or grpc.cjs client HOST:PORT. The client ends with `done`, or throws.
'use strict';
const assert = require('node:assert');
const crypto = require('node:crypto');
const grpc = require('@grpc/grpc-js');

const bytes = { requestSerialize: x => x, requestDeserialize: x => x, responseSerialize: x => x, responseDeserialize: x => x };
const method = (name, requestStream, responseStream) => ({ path: `/corpus.Echo/${name}`, requestStream, responseStream, ...bytes });
const service = {
    Say: method('Say', false, false),
    Count: method('Count', false, true),
    Sum: method('Sum', true, false),
    Chat: method('Chat', true, true),
    Never: method('Never', false, false),
};

function trailers(entries) {
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
    return metadata;
}

function serve(port) {
    const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
    server.addService(service, {
        Say(call, reply) {
            if (call.request.toString() === 'fail') {
                reply({ code: grpc.status.FAILED_PRECONDITION, details: 'ünable, really', metadata: trailers({ 'x-why': 'because', 'x-why-bin': Buffer.from([0, 255]) }) });
                return;
            }
            call.sendMetadata(trailers({ 'x-head': call.metadata.get('x-ask')[0] ?? 'none' }));
            reply(null, call.request, trailers({ 'x-trail': 'end' }));
        },
        Count(call) {
            for (let i = 0; i < Number(call.request.toString()); i++) call.write(Buffer.from(String(i)));
            call.end(trailers({ 'x-trail': 'end' }));
        },
        Sum(call, reply) {
            let size = 0;
            call.on('data', data => { size += data.length; });
            call.on('end', () => reply(null, Buffer.from(String(size))));
        },
        Chat(call) {
            call.on('data', data => call.write(Buffer.from(data.toString().toUpperCase())));
            call.on('end', () => call.end());
        },
        Never(call) {
            call.on('cancelled', () => console.log('cancelled'));
        },
    });
    server.bindAsync(`[::]:${port}`, grpc.ServerCredentials.createInsecure(), error => {
        if (error) throw error;
        console.log('listening');
    });
}

const collect = stream => new Promise((resolve, reject) => {
    const seen = { messages: [], status: null, metadata: null };
    stream.on('metadata', metadata => { seen.metadata = metadata; });
    stream.on('data', data => seen.messages.push(data.toString()));
    stream.on('status', status => { seen.status = status; resolve(seen); });
    stream.on('error', error => { seen.error = error; });
});

function unary(client, name, request, metadata = new grpc.Metadata(), options = {}) {
    return new Promise(resolve => {
        const seen = {};
        const call = client[name](request, metadata, options, (error, response) => { seen.error = error; seen.response = response; });
        call.on('metadata', head => { seen.head = head; });
        call.on('status', status => { seen.status = status; setImmediate(() => resolve(seen)); });
    });
}

async function main(address) {
    const Client = grpc.makeGenericClientConstructor(service, 'Echo');
    const client = new Client(address, grpc.credentials.createInsecure(), { 'grpc.max_receive_message_length': -1 });

    const said = await unary(client, 'Say', Buffer.from('hello'), trailers({ 'x-ask': 'something' }));
    assert.strictEqual(said.response.toString(), 'hello');
    assert.deepStrictEqual(said.head.get('x-head'), ['something']);
    assert.deepStrictEqual(said.status.metadata.get('x-trail'), ['end']);
    const large = crypto.randomBytes(3000000);
    assert.ok(large.equals((await unary(client, 'Say', large)).response), 'the 3 MB message differs');

    const failed = await unary(client, 'Say', Buffer.from('fail'));
    assert.strictEqual(failed.error.code, grpc.status.FAILED_PRECONDITION);
    assert.strictEqual(failed.error.details, 'ünable, really');
    assert.deepStrictEqual(failed.status.metadata.get('x-why'), ['because']);
    assert.ok(Buffer.from([0, 255]).equals(failed.status.metadata.get('x-why-bin')[0]));

    const counted = await collect(client.Count(Buffer.from('1000')));
    assert.strictEqual(counted.messages.length, 1000);
    assert.strictEqual(counted.status.code, grpc.status.OK);
    assert.deepStrictEqual(counted.status.metadata.get('x-trail'), ['end']);

    const sum = await new Promise((resolve, reject) => {
        const call = client.Sum((error, response) => error ? reject(error) : resolve(response.toString()));
        for (let i = 0; i < 100; i++) call.write(Buffer.alloc(10000));
        call.end();
    });
    assert.strictEqual(sum, '1000000');

    const chat = client.Chat();
    for (let i = 0; i < 50; i++) {
        chat.write(Buffer.from(`word ${i}`));
        const heard = await new Promise(resolve => chat.once('data', resolve));
        assert.strictEqual(heard.toString(), `WORD ${i}`);
    }
    const ended = new Promise(resolve => chat.on('status', resolve));
    chat.resume();
    chat.end();
    assert.strictEqual((await ended).code, grpc.status.OK);

    const late = await unary(client, 'Never', Buffer.from('x'), new grpc.Metadata(), { deadline: Date.now() + 300 });
    assert.strictEqual(late.error.code, grpc.status.DEADLINE_EXCEEDED);

    const unknown = await new Promise(resolve => client.makeUnaryRequest('/corpus.Echo/Nobody', x => x, x => x, Buffer.from('x'), resolve));
    assert.strictEqual(unknown.code, grpc.status.UNIMPLEMENTED);
    client.close();
    console.log('done');
}

if (process.argv[2] === 'server') serve(Number(process.argv[3]));
else main(process.argv[3]).then(() => process.exit(0), error => { console.error(error); process.exit(1); });
