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
    private readonly Lock _first = new();
    private FrozenSet<IPAddress>? _addresses;
    private long _readAt;

    /// <summary>Is it an address of this machine (or pod)? Loopback always is.</summary>
    public bool Contains(IPAddress address)
    {
        address = WithoutScope(address);
        if (IPAddress.IsLoopback(address) || Known().Contains(address))
        {
            return true;
        }

        var readAt = Interlocked.Read(ref _readAt);
        if (time.GetElapsedTime(readAt) < Refresh || Interlocked.CompareExchange(ref _readAt, time.GetTimestamp(), readAt) != readAt)
        {
            // One asks the kernel, the others go by what is known.
            return false;
        }

        Read();
        return Known().Contains(address);
    }

    private FrozenSet<IPAddress> Known()
    {
        if (Volatile.Read(ref _addresses) is { } known)
        {
            return known;
        }

        // Nothing is known yet: all wait for the first look, or what arrives meanwhile would be refused as not ours.
        lock (_first)
        {
            if (_addresses is null)
            {
                Interlocked.Exchange(ref _readAt, time.GetTimestamp());
                Read();
            }

            return _addresses ?? FrozenSet<IPAddress>.Empty;
        }
    }

    private void Read()
    {
        try
        {
            Volatile.Write(ref _addresses, _read().Select(WithoutScope).ToFrozenSet());
        }
        catch (NetworkInformationException)
        {
            // The kernel would not say, for want of descriptors perhaps: what was known still holds.
        }
    }

    private static IEnumerable<IPAddress> ReadInterfaces() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(static networkInterface => networkInterface.GetIPProperties().UnicastAddresses)
            .Select(static unicast => unicast.Address);

    // A link-local address is the same address whichever interface number is written behind it.
    private static IPAddress WithoutScope(IPAddress address) =>
        address.IsIPv6LinkLocal ? new IPAddress(address.GetAddressBytes()) : address;
}
