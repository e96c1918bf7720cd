using System.Buffers;
using System.Net.Sockets;

namespace Sidecar.Proxy.Interception;

/// <summary>Looks at a client's first bytes while they stay in the kernel, until they say what they are.</summary>
/// <param name="carriesProxyRequests">See <see cref="FirstBytes.Detect"/>.</param>
/// <param name="time">Clock.</param>
public sealed class FirstLook(bool carriesProxyRequests, TimeProvider time)
{
    /// <summary>Never undecided: what stays unclear is TCP. The socket must be readable.</summary>
    /// <param name="client">Whose bytes.</param>
    /// <param name="detection">The detection time.</param>
    /// <param name="stopping">The process ends.</param>
    /// <exception cref="SocketException">The client reset the connection.</exception>
    public async ValueTask<(CarriedProtocol Protocol, ClientHello? Hello)> RunAsync(Socket client, TimeSpan detection, CancellationToken stopping)
    {
        var pauses = new FragmentPauses(detection, time);
        while (true)
        {
            var (protocol, hello, isEnd) = Look(client);
            if (protocol != CarriedProtocol.Undecided)
            {
                return (protocol, hello);
            }

            if (isEnd || pauses.Next() is not { } pause)
            {
                return (CarriedProtocol.Tcp, null);
            }

            await Task.Delay(pause, time, stopping);
        }
    }

    private (CarriedProtocol Protocol, ClientHello? Hello, bool IsEnd) Look(Socket client)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBytes.Most);
        try
        {
            // Readable, so this does not wait.
            var length = client.Receive(buffer, 0, FirstBytes.Most, SocketFlags.Peek);
            var bytes = buffer.AsSpan(0, length);
            var protocol = FirstBytes.Detect(bytes, carriesProxyRequests);
            ClientHello? hello = null;
            if (protocol == CarriedProtocol.Tls)
            {
                ClientHello.Read(bytes, out hello);
            }

            return (protocol, hello, length == 0);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
