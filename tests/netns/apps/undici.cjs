// Node's clients against echo_server.py: undici.cjs URL. Ends with `done`, or throws.
'use strict';
const assert = require('node:assert');
const crypto = require('node:crypto');
const { Readable } = require('node:stream');
const { Pool } = require('undici');

async function main(url) {
    // The platform's fetch.
    const got = await (await fetch(`${url}/a%2Fb?x=1`)).json();
    assert.strictEqual(got.target, '/a%2Fb?x=1');
    const head = await fetch(`${url}/head`, { method: 'HEAD' });
    assert.strictEqual(head.headers.get('x-answer'), 'yes');
    const posted = await (await fetch(`${url}/post`, { method: 'POST', body: 'x'.repeat(100000) })).json();
    assert.strictEqual(posted.length, 100000);

    // undici itself: many at once on few connections, pipelined, with bodies that are streams.
    const pool = new Pool(url, { connections: 4, pipelining: 4 });
    const answers = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
        const { body } = await pool.request({ method: 'GET', path: `/${i}`, headers: { 'x-test': String(i) } });
        return body.json();
    }));
    answers.forEach((answer, i) => assert.deepStrictEqual([answer.target, answer['x-test']], [`/${i}`, [String(i)]]));
    const bytes = crypto.randomBytes(2000000);
    const pieces = Readable.from((function* () {
        for (let i = 0; i < bytes.length; i += 50000) yield bytes.subarray(i, i + 50000);
    })());
    const { body } = await pool.request({ method: 'PUT', path: '/echo', body: pieces });
    assert.ok(bytes.equals(Buffer.from(await body.arrayBuffer())), 'the echo differs');
    await pool.close();
    console.log('done');
}

main(process.argv[2]).then(() => process.exit(0), error => { console.error(error); process.exit(1); });
