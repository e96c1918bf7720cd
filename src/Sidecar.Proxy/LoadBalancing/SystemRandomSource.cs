using System.Numerics;
using System.Runtime.InteropServices;

namespace Sidecar.Proxy.LoadBalancing;

/// <summary>
/// The process's randomness: xoshiro256** (Blackman and Vigna, https://prng.di.unimi.it) with one state per thread,
/// seeded from the operating system. Fast and lock-free; not for secrets.
/// </summary>
public sealed class SystemRandomSource : IRandomSource
{
    [ThreadStatic]
    private static State t_state;

    /// <inheritdoc/>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);

        // Lemire's multiply and shift; the rejection keeps every value exactly equally likely.
        var threshold = (uint)-bound % (uint)bound;
        while (true)
        {
            var product = (ulong)(uint)NextInt64() * (uint)bound;
            if ((uint)product >= threshold)
            {
                return (int)(product >> 32);
            }
        }
    }

    /// <inheritdoc/>
    public double NextDouble() => ((ulong)NextInt64() >> 11) * (1.0 / (1UL << 53));

    /// <inheritdoc/>
    public long NextInt64()
    {
        ref var state = ref t_state;
        if ((state.S0 | state.S1 | state.S2 | state.S3) == 0)
        {
            // All zero is the one state xoshiro cannot leave, and what a thread starts with.
            // The framework's own generator and not the cryptographic one, which would load OpenSSL (ContentHash says why not).
#pragma warning disable RS0030 // what everybody else has injected begins here
            Random.Shared.NextBytes(MemoryMarshal.AsBytes(new Span<State>(ref state)));
#pragma warning restore RS0030
            state.S0 |= 1;
        }

        return state.Next();
    }

    private struct State
    {
        public ulong S0;
        public ulong S1;
        public ulong S2;
        public ulong S3;

        public long Next()
        {
            var result = BitOperations.RotateLeft(S1 * 5, 7) * 9;
            var shifted = S1 << 17;
            S2 ^= S0;
            S3 ^= S1;
            S1 ^= S2;
            S0 ^= S3;
            S2 ^= shifted;
            S3 = BitOperations.RotateLeft(S3, 45);
            return (long)result;
        }
    }
}
