<?php

/**
 * An echo worker in PHP: it needs no package (PHP 8.0 or later).
 *
 * The server starts it as one of its workers, sends it a frame for each event, and does what the
 * answer says:
 *
 *     command: php echo.php            # `answers: barrier`, the default: an event may have no answer
 *     command: php echo.php --strict   # `answers: strict`: every event has one
 *
 * What a client says comes back to it. "quit" is answered with a goodbye and the end of the
 * connection, "fail" with an error, and "die" not at all: it ends the worker.
 */

declare(strict_types=1);

/**
 * Frames to and from the server: a header of 12 bytes, options, payload; little-endian.
 *
 * The one option of an event or an answer is how much of the payload is its context; the rest is
 * its body. Commands and errors have no option: they are all body.
 */
final class Relay
{
    // The flags that matter here.
    public const CONTROL = 0x01;
    public const JSON = 0x08;
    public const ERROR = 0x40;

    /** @var resource */
    private $in;
    /** @var resource */
    private $out;

    /** The way that the server has chosen: "pipes", "tcp://host:port" or "unix://path". */
    public function __construct(string $relay)
    {
        if ($relay === 'pipes') {
            [$this->in, $this->out] = [STDIN, STDOUT];
            return;
        }
        // An answer is not held back until the one before it has arrived.
        $context = stream_context_create(['socket' => ['tcp_nodelay' => true]]);
        $stream = @stream_socket_client($relay, $code, $reason, context: $context);
        if ($stream === false) {
            throw new RuntimeException("RR_RELAY is $relay: $reason");
        }
        [$this->in, $this->out] = [$stream, $stream];
    }

    /** The next frame as [flags, context, body]. */
    public function read(): array
    {
        $header = $this->readExactly(12);
        $frame = unpack('Cfirst/Cflags/Vlength/Vchecksum', $header);
        [$version, $words] = [$frame['first'] >> 4, $frame['first'] & 0x0F];
        if ($version !== 1 || $words < 3 || $frame['checksum'] !== crc32(substr($header, 0, 6))) {
            throw new RuntimeException('no frame begins with ' . bin2hex($header));
        }
        $options = $this->readExactly(4 * ($words - 3));
        $payload = $this->readExactly($frame['length']);
        $context = $options === '' ? 0 : unpack('V', $options)[1];
        return [$frame['flags'], substr($payload, 0, $context), substr($payload, $context)];
    }

    /** Says how the connection goes on, and what is written to it. */
    public function answer(string $context, string $body = ''): void
    {
        $this->write(0, $context . $body, strlen($context));
    }

    /** Says something about this worker. */
    public function control(array $command): void
    {
        $this->write(self::CONTROL | self::JSON, json_encode($command));
    }

    /** Says that there is no answer, and why. The worker lives on. */
    public function error(string $text): void
    {
        $this->write(self::ERROR, $text);
    }

    private function write(int $flags, string $payload, int ...$options): void
    {
        // In one write: the server may then read a frame as a whole.
        $header = pack('CCV', 0x13 + count($options), $flags, strlen($payload));
        $frame = $header . pack('Vx2V*', crc32($header), ...$options) . $payload;
        if (@fwrite($this->out, $frame) !== strlen($frame)) {
            throw new RuntimeException('the server has gone');
        }
    }

    private function readExactly(int $count): string
    {
        $read = '';
        while (strlen($read) < $count) { // a pipe gives what it has
            $more = fread($this->in, $count - strlen($read));
            if ($more === false || $more === '') {
                throw new RuntimeException('the server has gone');
            }
            $read .= $more;
        }
        return $read;
    }
}

/** How the connection goes on and what is written to it; null if there is nothing to say. */
function answer(array $event, string $message): ?array
{
    if ($event['event'] === 'CONNECTED') {
        return ['WRITE', "hello {$event['server']}\r\n"];
    }
    if ($event['event'] !== 'DATA') {
        return null; // CLOSE: nobody is there any more
    }
    return match ($message) {
        "quit\r\n" => ['WRITECLOSE', "goodbye\r\n"],
        "fail\r\n" => throw new RuntimeException('a client has asked for a failure'),
        "die\r\n" => exit(1),
        default => ['WRITE', $message],
    };
}

/** Answers event after event, until the server says stop. */
function serve(Relay $server, bool $strict): void
{
    while (true) {
        [$flags, $context, $body] = $server->read();
        if ($flags & Relay::CONTROL) {
            if (json_decode($body, true)['stop'] ?? false) {
                return;
            }
            // Asked once at the beginning, and after events, to learn that no answer is to come.
            $server->control(['pid' => getmypid()]);
            continue;
        }
        try {
            $told = answer(json_decode($context, true, flags: JSON_THROW_ON_ERROR), $body);
            if ($told !== null) {
                $server->answer(...$told);
            } elseif ($strict) {
                $server->answer('CLOSE');
            }
        } catch (Exception $error) {
            $server->error(get_class($error) . ': ' . $error->getMessage());
        }
    }
}

ini_set('display_errors', 'stderr'); // stdout is for frames
try {
    serve(new Relay(getenv('RR_RELAY') ?: 'pipes'), in_array('--strict', $argv, true));
} catch (RuntimeException $error) {
    fwrite(STDERR, "echo.php: {$error->getMessage()}\n");
    exit(1);
}
