using System.Collections.Frozen;
using System.Net;
using System.Net.NetworkInformation;

namespace Sidecar.Proxy.Interception;

/// <summary>
/// The addresses of this network namespace. Addresses are looked up again when an unknown one is asked for, at most
/// once a second: a pod gets its addresses before its containers, but a laptop moves.
/// </summary>
/// <param name="time">Clock of the look-ups.</param>
/// <param name="read">Gives all addresses; tests bring their own.</param>
public sealed class LocalAddresses(TimeProvider time, Func<IEnumerable<IPAddress>>? read = null)
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);

    private readonly Func<IEnumerable<IPAddress>> _read = read ?? ReadInterfaces;
    private FrozenSet<IPAddress> _addresses = FrozenSet<IPAddress>.Empty;
    private long _readAt;

    /// <summary>Is it an address of this machine (or pod)? Loopback always is.</summary>
    public bool Contains(IPAddress address)
    {
        if (IPAddress.IsLoopback(address) || Volatile.Read(ref _addresses).Contains(address))
        {
            return true;
        }

        var readAt = Interlocked.Read(ref _readAt);
        if (readAt != 0 && time.GetElapsedTime(readAt) < Refresh)
        {
            return false;
        }

        // One asks the kernel, the others go by what is known.
        if (Interlocked.CompareExchange(ref _readAt, time.GetTimestamp(), readAt) == readAt)
        {
            Volatile.Write(ref _addresses, _read().ToFrozenSet());
        }

        return Volatile.Read(ref _addresses).Contains(address);
    }

    private static IEnumerable<IPAddress> ReadInterfaces() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(static networkInterface => networkInterface.GetIPProperties().UnicastAddresses)
            .Select(static unicast => WithoutScope(unicast.Address));

    // A link-local address is the same address whichever interface number is written behind it.
    private static IPAddress WithoutScope(IPAddress address) =>
        address.IsIPv6LinkLocal ? new IPAddress(address.GetAddressBytes()) : address;
}
