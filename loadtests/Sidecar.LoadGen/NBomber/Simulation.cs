using Sidecar.LoadGen.Pacing;

namespace NBomber.CSharp;

/// <summary>NBomber's load simulations, by its public names. Open: rates. Closed: copies.</summary>
public static class Simulation
{
    /// <summary>Open: so many starts per interval.</summary>
    public static LoadSimulation Inject(int rate, TimeSpan interval, TimeSpan during) => new(SimulationKind.Inject, rate, 0, interval, during);

    /// <summary>Open: from the rate before to this one, evenly.</summary>
    public static LoadSimulation RampingInject(int rate, TimeSpan interval, TimeSpan during) => new(SimulationKind.RampingInject, rate, 0, interval, during);

    /// <summary>Open: a rate drawn anew for each interval.</summary>
    public static LoadSimulation InjectRandom(int minRate, int maxRate, TimeSpan interval, TimeSpan during) =>
        new(SimulationKind.InjectRandom, minRate, maxRate, interval, during);

    /// <summary>Closed: so many copies, each starting again when it has ended.</summary>
    public static LoadSimulation KeepConstant(int copies, TimeSpan during) => new(SimulationKind.KeepConstant, copies, 0, default, during);

    /// <summary>Closed: from the copies before to this many, evenly.</summary>
    public static LoadSimulation RampingConstant(int copies, TimeSpan during) => new(SimulationKind.RampingConstant, copies, 0, default, during);

    /// <summary>Nothing is started.</summary>
    public static LoadSimulation Pause(TimeSpan during) => new(SimulationKind.Pause, 0, 0, default, during);
}

/// <summary>The forms of load.</summary>
public enum SimulationKind
{
    /// <summary>A steady rate.</summary>
    Inject,

    /// <summary>A rate that changes evenly.</summary>
    RampingInject,

    /// <summary>A rate that jumps.</summary>
    InjectRandom,

    /// <summary>A steady number of copies.</summary>
    KeepConstant,

    /// <summary>A number of copies that changes evenly.</summary>
    RampingConstant,

    /// <summary>None.</summary>
    Pause,
}

/// <summary>One stretch of load.</summary>
public sealed record LoadSimulation(SimulationKind Kind, int Amount, int MostAmount, TimeSpan Interval, TimeSpan During)
{
    /// <summary>Copies at its end; 0 for open forms.</summary>
    public int CopiesAtEnd => Kind is SimulationKind.KeepConstant or SimulationKind.RampingConstant ? Amount : 0;

    /// <summary>Starts per second at its end; 0 for closed forms.</summary>
    public double RateAtEnd => Kind switch
    {
        SimulationKind.Inject or SimulationKind.RampingInject => PerSecond(Amount),
        SimulationKind.InjectRandom => PerSecond(MostAmount),
        _ => 0,
    };

    /// <summary>Its schedule; empty for closed forms.</summary>
    /// <param name="rateBefore">Starts per second that came before.</param>
    /// <param name="random">For drawn rates.</param>
    public IReadOnlyList<LoadPhase> Phases(double rateBefore, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        switch (Kind)
        {
            case SimulationKind.Inject:
                return [LoadPhase.Constant(PerSecond(Amount), During)];
            case SimulationKind.RampingInject:
                return [LoadPhase.Ramp(rateBefore, PerSecond(Amount), During)];
            case SimulationKind.Pause:
                return [LoadPhase.Constant(0, During)];
            case SimulationKind.InjectRandom:
                var phases = new List<LoadPhase>();
                for (var rest = During; rest > TimeSpan.Zero; rest -= Interval)
                {
                    phases.Add(LoadPhase.Constant(PerSecond(random.Next(Amount, MostAmount + 1)), rest < Interval ? rest : Interval));
                }

                return phases;
            default:
                return [];
        }
    }

    private double PerSecond(int amount) => amount / Interval.TotalSeconds;
}
