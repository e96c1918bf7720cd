using System.Collections.Immutable;
using System.Globalization;

namespace Sidecar.Init.Options;

/// <summary>Text → validated options, or everything that is wrong with the text.</summary>
public sealed class RedirectOptionsReader
{
    // (uid_t)-1 means "no change" to the kernel (setresuid(2)).
    private const uint HighestId = uint.MaxValue - 1;

    private readonly Func<RedirectOption, string?> _flag;
    private readonly Func<string, string?> _variable;
    private readonly List<string> _problems = [];

    private RedirectOptionsReader(Func<RedirectOption, string?> flag, Func<string, string?> variable) => (_flag, _variable) = (flag, variable);

    /// <summary>Reads every option.</summary>
    /// <param name="flag">The value on the command line; null when it is not there.</param>
    /// <param name="variable">The value of an environment variable; null when it is not there.</param>
    /// <returns>The options, or null with one line per problem.</returns>
    public static (RedirectOptions? Options, IReadOnlyList<string> Problems) Read(Func<RedirectOption, string?> flag, Func<string, string?> variable)
    {
        var reader = new RedirectOptionsReader(flag, variable);
        var options = reader.Read();
        return (reader._problems.Count == 0 ? options : null, reader._problems);
    }

    private RedirectOptions Read()
    {
        var options = new RedirectOptions
        {
            Backend = Choice(RedirectOption.Backend, "nft", "iptables") ? RedirectBackend.Iptables : RedirectBackend.Nft,
            ProxyUid = Id(RedirectOption.ProxyUid),
            ProxyGid = Id(RedirectOption.ProxyGid),
            OutboundPort = Port(RedirectOption.OutboundPort),
            InboundPort = Port(RedirectOption.InboundPort),
            IncludeOutboundPorts = List(RedirectOption.IncludeOutboundPorts, PortSet.Parse, PortSet.None),
            SkipOutboundPorts = List(RedirectOption.SkipOutboundPorts, PortSet.Parse, PortSet.None),
            IncludeOutboundCidrs = List(RedirectOption.IncludeOutboundCidrs, NetworkSet.Parse, NetworkSet.None),
            SkipOutboundCidrs = List(RedirectOption.SkipOutboundCidrs, NetworkSet.Parse, NetworkSet.None),
            IncludeInboundPorts = List(RedirectOption.IncludeInboundPorts, PortSet.Parse, PortSet.None),
            SkipInboundPorts = List(RedirectOption.SkipInboundPorts, PortSet.Parse, PortSet.None),
            SkipInterfaces = List<ImmutableArray<string>>(RedirectOption.SkipInterfaces, InterfaceNames.Parse, []),
            IsDnsRedirected = Choice(RedirectOption.Dns, "skip", "redirect"),
            IsMetadataRedirected = Choice(RedirectOption.Metadata, "skip", "redirect"),
            IsIpv6Redirected = !Choice(RedirectOption.Ipv6, "on", "off"),
        };
        RefuseClashes(options);
        return options;
    }

    private void RefuseClashes(RedirectOptions options)
    {
        var uids = List<ImmutableArray<uint>>(RedirectOption.ApplicationUids, ParseUids, []);
        if (options.ProxyUid != 0 && uids.Contains(options.ProxyUid))
        {
            Refuse(
                RedirectOption.ApplicationUids,
                $"user {options.ProxyUid} is the proxy's: connections of an application with this user could bypass the proxy. Give the application another runAsUser, or the proxy another --proxy-uid");
        }

        if (options.OutboundPort == options.InboundPort && options.OutboundPort != 0)
        {
            Refuse(RedirectOption.InboundPort, $"is the port of {RedirectOption.OutboundPort.Flag} too; the proxy tells the directions apart by the port");
        }
    }

    private (string Text, string Source) Value(RedirectOption option)
    {
        if (_flag(option) is { } value && value.Trim(' ').Length > 0)
        {
            return (value, option.Flag);
        }

        // An absent annotation reaches the environment as an empty value (downward API), so empty means absent.
        if (_variable(option.Variable) is { } set && set.Trim(' ').Length > 0)
        {
            return (set, option.Annotation is null ? option.Variable : $"{option.Variable} (annotation {option.Annotation})");
        }

        return (option.Default, option.Flag);
    }

    private void Refuse(RedirectOption option, string reason)
    {
        var (text, source) = Value(option);
        _problems.Add($"{source} {ListText.Quote(text)}: {reason}.");
    }

    private T List<T>(RedirectOption option, Func<string, Action<string>, T> parse, T none)
    {
        var text = Value(option).Text;
        return text.Length == 0 ? none : parse(text, reason => Refuse(option, reason));
    }

    private bool Choice(RedirectOption option, string first, string second)
    {
        var text = Value(option).Text;
        if (text != first && text != second)
        {
            Refuse(option, $"is neither {first} nor {second}");
        }

        return text == second;
    }

    private uint Id(RedirectOption option)
    {
        if (ListText.TryReadNumber(Value(option).Text, HighestId, out var id) && id > 0)
        {
            return id;
        }

        Refuse(option, string.Create(CultureInfo.InvariantCulture, $"is not a number from 1 to {HighestId} (0 is root, whose connections must not be spared)"));
        return 0;
    }

    private int Port(RedirectOption option)
    {
        if (PortSet.TryReadPort(Value(option).Text, out var port))
        {
            return port;
        }

        Refuse(option, "is not a port from 1 to 65535");
        return 0;
    }

    private static ImmutableArray<uint> ParseUids(string text, Action<string> refuse)
    {
        var uids = ImmutableArray.CreateBuilder<uint>();
        foreach (var entry in ListText.Split(text, refuse))
        {
            if (ListText.TryReadNumber(entry, HighestId, out var uid))
            {
                uids.Add(uid);
            }
            else
            {
                refuse($"{ListText.Quote(entry)} is not a number from 0 to {HighestId}");
            }
        }

        return uids.ToImmutable();
    }
}
