namespace Sidecar.Interception.Tests.Topology;

/// <summary>
/// A folder that every user may read: the source tree may lie in somebody's home, where neither the proxy's user nor the
/// application's can enter. It is deleted when the test process ends, or by the next one.
/// </summary>
internal static class Workbench
{
    private const UnixFileMode Everybody =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const string Prefix = "sct-work-";

    private static int _count;

    private static string Folder { get; } = Create();

    /// <summary>A copy of a file, executable.</summary>
    public static string Copy(string file)
    {
        var copy = Path.Combine(NewFolder(), Path.GetFileName(file));
        File.Copy(file, copy);
        File.SetUnixFileMode(copy, Everybody);
        return copy;
    }

    /// <summary>A file with this text.</summary>
    public static string Write(string name, string text)
    {
        var file = Path.Combine(NewFolder(), name);
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, Everybody);
        return file;
    }

    /// <summary>A copy of a whole folder.</summary>
    public static string CopyFolder(string folder)
    {
        var copy = NewFolder();
        foreach (var source in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(folder, source));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!, Everybody);
            File.Copy(source, target);
            File.SetUnixFileMode(target, Everybody);
        }

        return copy;
    }

    /// <summary>An empty folder; on request one that every user may write.</summary>
    public static string NewFolder(bool isWritable = false)
    {
        var folder = Path.Combine(Folder, Interlocked.Increment(ref _count).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, isWritable ? Everybody | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite : Everybody);
        return folder;
    }

    private static string Create()
    {
        Sweep();
        var folder = Path.Combine(Path.GetTempPath(), $"{Prefix}{Environment.ProcessId}");
        Directory.CreateDirectory(folder, Everybody);
        File.SetUnixFileMode(folder, Everybody);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Delete(folder);
        return folder;
    }

    // The test runner does not always let the process end in its own time.
    private static void Sweep()
    {
        foreach (var folder in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            if (!Directory.Exists("/proc/" + Path.GetFileName(folder)[Prefix.Length..]))
            {
                Delete(folder);
            }
        }
    }

    private static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Something still writes there, or it is another user's; the next run tries again.
        }
    }
}
