"""Echoes bytes on any number of connections, each kept open: echo_bytes.py PORT."""
import asyncio
import sys


async def serve(reader, writer):
    while data := await reader.read(1024):
        writer.write(data)
        await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, None, int(sys.argv[1]), backlog=4096)
    print("listening", flush=True)
    await server.serve_forever()


asyncio.run(main())
