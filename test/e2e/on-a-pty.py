"""Runs a program on a terminal of its own: on-a-pty.py COLUMNS ROWS COMMAND...

Standard output is what the program draws. Each line on standard input is an order: `size COLUMNS ROWS`, or `keys HEX`.
Ends with the program's exit code.
"""
import fcntl, os, pty, select, signal, struct, sys, termios


def set_size(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


def obey(fd, line):
    what, *values = line.split()
    if what == "size":
        set_size(fd, *values)
    else:
        os.write(fd, bytes.fromhex(values[0]))


def main():
    pid, fd = pty.fork()
    if pid == 0:
        # the size is there before the program looks for it
        set_size(0, sys.argv[1], sys.argv[2])
        os.execvp(sys.argv[3], sys.argv[3:])
    sources, orders = [fd, 0], b""
    while True:
        for source in select.select(sources, [], [])[0]:
            try:
                data = os.read(source, 65536)
            except OSError:  # Linux says EIO when the other side is gone
                data = b""
            if source == fd:
                if not data:
                    status = os.waitpid(pid, 0)[1]
                    sys.exit(os.waitstatus_to_exitcode(status) % 256)
                os.write(1, data)
            elif not data:
                os.kill(pid, signal.SIGHUP)
                sources.remove(0)
            else:
                *lines, orders = (orders + data).split(b"\n")
                for line in lines:
                    obey(fd, line.decode())


main()
