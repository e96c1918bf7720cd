namespace Sidecar.Proxy.Errors;

/// <summary>What went wrong with one request, most recent first; at most eight, no allocation.</summary>
public struct ErrorFlags : IEquatable<ErrorFlags>
{
    private ulong _packed;

    /// <summary>Nothing went wrong.</summary>
    public readonly bool IsEmpty => _packed == 0;

    /// <summary>The most recent one.</summary>
    public readonly ProxyError Latest => (ProxyError)(byte)_packed;

    /// <summary>
    /// The most recent one that says how the request ended; <see cref="ProxyError.None"/> when there are only those that stand
    /// beside an outcome (RB, URX, FB, FI, DI).
    /// </summary>
    public readonly ProxyError Cause
    {
        get
        {
            for (var rest = _packed; rest != 0; rest >>= 8)
            {
                if ((ProxyError)(byte)rest is not (ProxyError.RetryBudgetExhausted or ProxyError.RetryLimitExceeded
                    or ProxyError.FallbackAnswered or ProxyError.FaultInjected or ProxyError.DelayInjected) and var error)
                {
                    return error;
                }
            }

            return ProxyError.None;
        }
    }

    /// <summary>Puts one in front, unless it is there already.</summary>
    public void Add(ProxyError error)
    {
        if (error != ProxyError.None && !Contains(error))
        {
            _packed = (_packed << 8) | (byte)error;
        }
    }

    /// <summary>Takes one out: it turned out to be something else.</summary>
    public void Remove(ProxyError error)
    {
        var kept = default(ErrorFlags);
        for (var shift = 56; shift >= 0; shift -= 8)
        {
            if ((ProxyError)(byte)(_packed >> shift) is var flag && flag != error)
            {
                kept.Add(flag);
            }
        }

        this = kept;
    }

    /// <summary>Is it among them?</summary>
    public readonly bool Contains(ProxyError error)
    {
        for (var rest = _packed; rest != 0; rest >>= 8)
        {
            if ((ProxyError)(byte)rest == error)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The header's value, for example <c>URX,UT</c>.</summary>
    public override readonly string ToString()
    {
        if (_packed <= byte.MaxValue)
        {
            return ProxyErrorTable.Flag(Latest);
        }

        var text = new System.Text.StringBuilder(16);
        for (var rest = _packed; rest != 0; rest >>= 8)
        {
            text.Append(text.Length == 0 ? "" : ",").Append(ProxyErrorTable.Flag((ProxyError)(byte)rest));
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public readonly bool Equals(ErrorFlags other) => _packed == other._packed;

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is ErrorFlags other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => _packed.GetHashCode();

    /// <summary>Same flags in the same order.</summary>
    public static bool operator ==(ErrorFlags left, ErrorFlags right) => left.Equals(right);

    /// <summary>Other flags.</summary>
    public static bool operator !=(ErrorFlags left, ErrorFlags right) => !left.Equals(right);
}
