namespace Sidecar.Contract;

/// <summary>Exit codes of every command.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>Failed at run time.</summary>
    public const int Failed = 1;

    /// <summary>Bad usage or configuration (EX_USAGE of sysexits.h).</summary>
    public const int Usage = 64;
}
