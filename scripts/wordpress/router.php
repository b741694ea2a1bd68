<?php
// PHP's built-in server has no rewrite rules: what is a file is served as one, the rest goes to WordPress.
$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '/');
$target = realpath($_SERVER['DOCUMENT_ROOT'] . $path);
$inside = $target !== false && str_starts_with($target . '/', realpath($_SERVER['DOCUMENT_ROOT']) . '/');

if ($inside && (is_file($target) || ($path !== '/' && is_file($target . '/index.php')))) {
    return false;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
$_SERVER['SCRIPT_FILENAME'] = $_SERVER['DOCUMENT_ROOT'] . '/index.php';
require $_SERVER['SCRIPT_FILENAME'];
