using System.Text;
using Sidecar.Injector.Injection;

namespace Sidecar.Injector.Offline;

/// <summary>One workload for a person: what happens to it, and where each setting comes from.</summary>
internal static class Explanation
{
    /// <summary>The lines.</summary>
    public static string Of(WorkloadReport report)
    {
        var (skipped, outcome) = (report.Outcome.Skipped, report.Outcome);
        var text = new StringBuilder($"{report.Template} in namespace {report.Namespace}\n");
        if (skipped is not null)
        {
            text.Append($"  not injected: {skipped.Reason.Word}: {skipped.Reason.Meaning}\n");
            text.Append(skipped.Detail.Length > 0 ? $"  because: {skipped.Detail}\n" : "");
        }
        else
        {
            text.Append($"  injected: {(outcome.Form!.IsNative ? "native sidecar" : "plain container")}, grace period {outcome.Form.GraceSeconds} s");
            text.Append(outcome.Form.IsGuaranteed ? ", class Guaranteed kept\n" : "\n");
        }

        foreach (var warning in outcome.Warnings.Skip(skipped is null ? 0 : 1))
        {
            text.Append($"  warning: {warning}\n");
        }

        foreach (var key in outcome.Settings is null ? [] : SettingKey.All)
        {
            var (value, source) = outcome.Settings!.Written[key];
            text.Append($"  {key.Name,-18} {(value.Length == 0 ? "(none)" : value),-24} {Named(source, key)}\n");
        }

        return text.ToString();
    }

    private static string Named(SettingSource source, SettingKey key) => source switch
    {
        SettingSource.Pod => $"pod annotation {key.Annotation}",
        SettingSource.Namespace => $"namespace annotation {key.Annotation}",
        SettingSource.Settings => $"settings file, defaults.{key.Name}",
        _ => "default",
    };
}
