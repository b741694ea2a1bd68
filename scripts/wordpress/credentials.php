<?php
// Run once a start: a new admin password and two application passwords, printed as one JSON line. The cache of a
// prepared site therefore holds no credential that works.
require getenv('WORDPRESS_TREE') . '/wp-load.php';

$user = get_user_by('login', getenv('WORDPRESS_USER'));
wp_set_password(getenv('WORDPRESS_ADMIN_PASSWORD'), $user->ID);
WP_Application_Passwords::delete_all_application_passwords($user->ID);

$made = [];
foreach (['connection', 'control'] as $name) {
    [$password, $item] = WP_Application_Passwords::create_new_application_password($user->ID, ['name' => $name]);
    $made[$name] = ['password' => WP_Application_Passwords::chunk_password($password), 'uuid' => $item['uuid']];
}
echo wp_json_encode($made), "\n";
