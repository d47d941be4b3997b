// Generated from openapi.json by `npm run gen:api`. Do not edit.

export interface paths {
    "/api/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tenant's audit log, newest first; with `format=csv` as a file, which leaves an entry itself. */
        get: operations["audit_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a link is good for. Whatever is wrong with one, the answer is 404. */
        post: operations["links_show"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/links/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Uses a link up: the invited may sign in from now on, or the person has a new password. */
        post: operations["links_accept"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Signs in with e-mail and password, and with a code where a second factor is set up: without one, the right password is answered
         *     with 401 `totp_required`. The answer's access token is for memory; the refresh token travels as a cookie.
         */
        post: operations["auth_login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs out: ends the cookie's session and voids the person's access tokens at once. Never fails for want of a session. */
        post: operations["auth_logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in. */
        get: operations["auth_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/oidc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether people may sign in at a provider, and what it is called. */
        get: operations["oidc_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/oidc/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where the provider sends a browser back to. Always on to the page, which learns by the word behind `#sso=` how it ended: `done`,
         *     `code`, `expired`, `refused`, `unknown`, `closed`, `down`, `wait`.
         */
        get: operations["oidc_callback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/oidc/code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a sign-in at the provider with a code, where one is set up and the provider did not ask for a second factor itself. */
        post: operations["oidc_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/oidc/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sends a browser to the provider. Where the provider cannot be reached, back to the page, which says so; 404 where it is off. */
        get: operations["oidc_start"];
        put?: never;
        /** The same for somebody who was invited: the answer says where to go, and coming back uses the invitation up. */
        post: operations["oidc_start_invited"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's passkeys. */
        get: operations["passkeys_list"];
        put?: never;
        /** Begins to make a passkey: what to hand to `navigator.credentials.create`. 404 where there are none. */
        post: operations["passkeys_begin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/passkeys/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends it with what the browser gave. */
        post: operations["passkeys_confirm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/passkeys/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether one can sign in with a passkey. */
        get: operations["passkeys_can_log_in"];
        put?: never;
        /** Begins a sign-in with a passkey: what to hand to `navigator.credentials.get`. 404 where there are none. */
        post: operations["passkeys_ask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/passkeys/login/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in with what the browser gave. The device has verified the person, so no code is asked for. */
        post: operations["passkeys_sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/passkeys/{id}/remove": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Removes one of one's passkeys. */
        post: operations["passkeys_remove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Changes one's own password. Every other session ends; the answer holds the new access token of this one. */
        post: operations["account_change_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new access token for the refresh cookie, which is replaced. A cookie that was used before ends the session. */
        post: operations["auth_refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's sessions. */
        get: operations["account_sessions"];
        put?: never;
        post?: never;
        /** Ends one's sessions but the one whose refresh cookie comes along. */
        delete: operations["account_end_other_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends one of one's sessions. Access tokens of the others are renewed by their refresh cookies. */
        delete: operations["account_end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How it stands with one's second factor. */
        get: operations["second_factor_show"];
        put?: never;
        /** Begins to set up a second factor. Nothing changes until a code of it is confirmed. */
        post: operations["second_factor_begin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/totp/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts the second factor in force, with a first code of it. */
        post: operations["second_factor_confirm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/totp/recovery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes new recovery codes; the old ones are good no more. */
        post: operations["second_factor_renew"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/totp/remove": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Removes the second factor. */
        post: operations["second_factor_remove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/backups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tenant's backups. */
        get: operations["operation_list"];
        put?: never;
        /** Begins a backup of the tenant; the list shows when it is done. */
        post: operations["operation_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All brands. */
        get: operations["brands_list"];
        put?: never;
        /** Adds a brand. */
        post: operations["brands_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One brand. */
        get: operations["brands_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes a brand. Another currency or time zone rebuilds its figures. */
        patch: operations["brands_update"];
        trace?: never;
    };
    "/api/brands/{brand}/attribution": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What every model gives every channel, beside what the platforms claim; with `Accept: text/csv` or `format=csv` as a file. */
        get: operations["figures_attribution"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/attribution/paths": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The ways that led to orders: which channels one after the other, how many touches, how many days. */
        get: operations["figures_paths"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/bridge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** From each shop's own total to our net sales and the platforms' claims. */
        get: operations["bridge_bridge"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/bridge/claims": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The rows behind the double claims. They add up to the step. */
        get: operations["bridge_claims"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/bridge/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The orders behind a step. */
        get: operations["bridge_orders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/bridge/totals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The totals that were entered, the latest first. */
        get: operations["bridge_totals"];
        put?: never;
        /** Enters the total of a shop's own report. */
        post: operations["bridge_state"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/bridge/totals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes an entered total away. */
        delete: operations["bridge_withdraw"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which channel a visit counts in. */
        get: operations["channels_show"];
        /** Says which channel a visit counts in. Figures of all days are made anew. */
        put: operations["channels_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/channels/try": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tells which channel an address would count in, by the brand's rules or by others. Nothing is written. */
        post: operations["channels_try_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/cohorts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A brand's customers by the month or week of their first order ever, against their age; with `Accept: text/csv` or `format=csv`
         *     as a file.
         */
        get: operations["customers_grid"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/costs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is entered of costs. */
        get: operations["profit_list"];
        put?: never;
        /** Enters a cost. The brand's figures are made anew with it. */
        post: operations["profit_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/costs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes a cost away: the past is reckoned without it too. */
        delete: operations["profit_remove"];
        options?: never;
        head?: never;
        /** Ends a cost, or lets it go on. */
        patch: operations["profit_end"];
        trace?: never;
    };
    "/api/brands/{brand}/customers/forecast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a brand's customers may be expected to buy (BG/NBD and Gamma-Gamma), with the checks of the fit; or, where there is too
         *     little to go by, why nothing is predicted.
         */
        get: operations["customers_forecast"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/dashboard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A brand's dashboard. `Cache-Control: no-cache` from a holder of `operate` computes it anew. */
        get: operations["figures_dashboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/demo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Deletes everything of a demo brand, which is an ordinary empty brand afterwards. */
        delete: operations["brands_remove_demo"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The brand's imports. */
        get: operations["imports_list"];
        put?: never;
        /** Takes a file in. It is imported in the background; the answer says under which id. */
        post: operations["imports_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/imports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One import, with its progress while it runs. */
        get: operations["imports_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/imports/{id}/rejects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The refused rows that were kept: line, reason and the row as it stood, safe to open in a spreadsheet. */
        get: operations["imports_rejects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/profit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Profit of a window, from gross sales to what is left. */
        get: operations["profit_statement"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answers a typed query; with `Accept: text/csv` or `format=csv` as a file. */
        post: operations["figures_query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sites whose pages may send visits. */
        get: operations["pixel_list"];
        put?: never;
        /** Adds a site. */
        post: operations["pixel_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/brands/{brand}/sites/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a site: its pages are not heard any more. What they told stays. */
        delete: operations["pixel_remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/customers/erase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cuts a customer off everything that is kept of them, for good. Figures do not change; doing it again is harmless. */
        post: operations["customers_erase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/customers/erasures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The receipts of all erasures. */
        get: operations["customers_erasures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/customers/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Everything that is kept of one customer. */
        post: operations["customers_export"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/customers/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What platforms passed on of their customers' rights: requests for a copy, which this holds for the shop to hand on, and erasures. */
        get: operations["customers_customer_requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/imports/formats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The kinds of files that are understood. */
        get: operations["imports_formats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every integration of a brand, or of all. */
        get: operations["integrations_list"];
        put?: never;
        /** Connects a brand to a source. It is reached in the background: follow its state, or ask for a test. */
        post: operations["integrations_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What can be connected to, and what it takes. */
        get: operations["integrations_sources"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tries credentials out without connecting anything: asks the platform who we would be there. Nothing of them is kept. */
        post: operations["integrations_try_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One integration. */
        get: operations["integrations_show"];
        put?: never;
        post?: never;
        /** Takes an integration away. What signs in is destroyed; its rows stay unless `data=delete`. */
        delete: operations["integrations_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations/{id}/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Signs in anew: these credentials take the place of those that are there. */
        put: operations["integrations_reconnect"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stops an integration after its present step, until it is resumed. */
        post: operations["integrations_pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations/{id}/rejects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What could not be understood, at most 500; the rest of its answer landed. */
        get: operations["integrations_rejects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets an integration go on where it stopped. */
        post: operations["integrations_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations/{id}/resync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reads days once more. */
        post: operations["integrations_resync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations/{id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last runs, at most 200. */
        get: operations["integrations_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations/{id}/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Looks for what is new now. */
        post: operations["integrations_sync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/integrations/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Asks the platform who we are there and what we may. That it does not let us in is an answer, not an error. */
        post: operations["integrations_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every key. */
        get: operations["keys_list"];
        put?: never;
        /** Makes a key. The answer alone holds it. */
        post: operations["keys_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes a key; it is refused from the next request on. */
        delete: operations["keys_revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The catalogue. */
        get: operations["figures_catalogue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/oauth/{source}/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where the platform sends a browser back to. Always on to the page, which learns by the word behind `#connect=` how it ended: `done`,
         *     `expired`, `refused`, `down`.
         */
        get: operations["integrations_callback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/oauth/{source}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Says where a person allows access to an integration's shop. The browser that asks is the one that must come back. */
        get: operations["integrations_start"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document. */
        get: operations["operation_openapi_document"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether somebody has to set this installation up first. */
        get: operations["auth_setup_state"];
        put?: never;
        /** Makes the first tenant and its owner, with the token that the server's log shows. There is no such thing afterwards: 404. */
        post: operations["auth_set_up"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * New data versions as they come: events `data` with `{brand, version}`, one for each brand at the start; and events `sync` as
         *     integrations move on, with `{integration, brand, state, stream, rows, progress}`.
         */
        get: operations["figures_stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everybody of the tenant. */
        get: operations["users_list"];
        put?: never;
        /** Adds a person. */
        post: operations["users_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Open invitations. */
        get: operations["invitations_list"];
        put?: never;
        /** Invites somebody: the answer holds the link to hand over. An earlier invitation of the same e-mail is good no more. */
        post: operations["invitations_invite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/invitations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes an open invitation back. */
        delete: operations["invitations_revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Asks a second factor of everybody, or no more. Owners only, in person. */
        put: operations["second_factor_require"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a person. */
        delete: operations["users_remove"];
        options?: never;
        head?: never;
        /** Changes a person. Another role, state or password, or other brands, sign the person out everywhere. */
        patch: operations["users_update"];
        trace?: never;
    };
    "/api/users/{id}/oidc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Lets go of whom a person is at the provider: their next sign-in there binds anew. For owners. */
        delete: operations["oidc_unbind"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{id}/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes all passkeys of somebody, as when a device was lost. */
        delete: operations["passkeys_reset"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{id}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a link by which a person sets a new password. The second factor stays. */
        post: operations["links_reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{id}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends every session of a person, as when a phone was lost. */
        delete: operations["users_sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{id}/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes somebody else's second factor, when their phone and their recovery codes are gone. */
        delete: operations["second_factor_reset"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/shopify/{integration}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a webhook of a shop. The path, not a header, says whose; it must be signed with the secret of that integration. */
        post: operations["integrations_shopify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process is up. */
        get: operations["operation_healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/backups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tenant's backups. */
        get: operations["admin_operation_list"];
        put?: never;
        /** Begins a backup of the tenant; the list shows when it is done. */
        post: operations["admin_operation_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every key. */
        get: operations["admin_keys_list"];
        put?: never;
        /** Makes a key. The answer alone holds it. */
        post: operations["admin_keys_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes a key; it is refused from the next request on. */
        delete: operations["admin_keys_revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every tenant of this installation. */
        get: operations["tenants_list"];
        put?: never;
        /** Makes a tenant, and the link by which its owner comes in; without one, `pulsepoint user add` or `user invite` makes its owner. */
        post: operations["tenants_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/tenants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Closes a tenant and has it destroyed in 7 days; until then `restore` undoes it. */
        delete: operations["tenants_remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/tenants/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes the deletion of a tenant back, within its 7 days. */
        post: operations["tenants_restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/tenants/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens a suspended tenant again. */
        post: operations["tenants_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/tenants/{id}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Closes a tenant: its people and keys are refused, nothing is imported, its data stays. */
        post: operations["tenants_suspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everybody of the tenant. */
        get: operations["admin_users_list"];
        put?: never;
        /** Adds a person. */
        post: operations["admin_users_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/users/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Open invitations. */
        get: operations["admin_invitations_list"];
        put?: never;
        /** Invites somebody: the answer holds the link to hand over. An earlier invitation of the same e-mail is good no more. */
        post: operations["admin_invitations_invite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/users/invitations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes an open invitation back. */
        delete: operations["admin_invitations_revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/users/policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Asks a second factor of everybody, or no more. Owners only, in person. */
        put: operations["admin_second_factor_require"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a person. */
        delete: operations["admin_users_remove"];
        options?: never;
        head?: never;
        /** Changes a person. Another role, state or password, or other brands, sign the person out everywhere. */
        patch: operations["admin_users_update"];
        trace?: never;
    };
    "/mcp/admin/users/{id}/oidc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Lets go of whom a person is at the provider: their next sign-in there binds anew. For owners. */
        delete: operations["admin_oidc_unbind"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/users/{id}/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes all passkeys of somebody, as when a device was lost. */
        delete: operations["admin_passkeys_reset"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/users/{id}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a link by which a person sets a new password. The second factor stays. */
        post: operations["admin_links_reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/users/{id}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends every session of a person, as when a phone was lost. */
        delete: operations["admin_users_sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/mcp/admin/users/{id}/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes somebody else's second factor, when their phone and their recovery codes are gone. */
        delete: operations["admin_second_factor_reset"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/px.js": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The script that a shop's pages load. It is less than three thousand bytes. */
        get: operations["pixel_script"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/px/{site}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes what a page of a shop tells; or the shop's own server, by the site's secret as `X-Pixel-Secret` or by an API key that holds
         *     `connect` as `Authorization: Bearer`. Answered at once, before it is on disk; the figures follow.
         */
        post: operations["pixel_take"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The control store is open and the keys are there. */
        get: operations["operation_readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/trust": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How to trust this server's certificate. */
        get: operations["operation_how_to_trust"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/trust/root.crt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The root certificate that signed this server's own, as PEM. */
        get: operations["operation_root_certificate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Figures of a channel, a campaign, or all of them. */
        AdFigures: {
            ad_spend?: components["schemas"]["Decimal"] | null;
            ad_spend_change_pct?: components["schemas"]["Decimal"] | null;
            attributed_orders?: components["schemas"]["Decimal"] | null;
            attributed_revenue?: components["schemas"]["Decimal"] | null;
            attributed_roas?: components["schemas"]["Decimal"] | null;
            /** Format: int64 */
            clicks: number;
            cpc?: components["schemas"]["Decimal"] | null;
            /** Format: int64 */
            impressions: number;
            platform_conversions?: components["schemas"]["Decimal"] | null;
            platform_reported_revenue?: components["schemas"]["Decimal"] | null;
            platform_roas?: components["schemas"]["Decimal"] | null;
            share?: components["schemas"]["Decimal"] | null;
        };
        /** @description A tenant, from outside. */
        AdminTenant: {
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description From when on it is destroyed; null unless it is to be deleted.
             */
            delete_after?: string | null;
            id: string;
            /** @description Its name for people. */
            name: string;
            /** @description Whether its store was refused when it was last asked for; `pulsepoint doctor` says why. */
            set_aside: boolean;
            /** @description Its name in commands and addresses. */
            slug: string;
            state: components["schemas"]["TenantState"];
        };
        /** @description Every tenant, by slug. */
        AdminTenants: {
            tenants: components["schemas"]["AdminTenant"][];
        };
        /** @description The answer to a typed query. */
        Answer: {
            /** @description The grain, the dimensions, then per metric `x` and, with a comparison, `x.previous`, `x.change`, `x.change_pct`. */
            columns: string[];
            compare?: components["schemas"]["CompareShown"] | null;
            definitions: components["schemas"]["Definition"][];
            /** Format: double */
            elapsed_ms: number;
            freshness: components["schemas"]["Freshness"];
            notes: components["schemas"]["Note"][];
            /** @description By which columns the rows are sorted; nulls last. */
            order: components["schemas"]["OrderShown"][];
            /** @description The values of each, `$1` first. */
            parameters: string[][];
            /** @description The bucket that is not over. */
            partial_bucket?: string | null;
            /** @description The same for the same question to the same data. */
            query_id: string;
            /** @description In the order that `order` states; one row where neither a grain nor a dimension is asked for. */
            rows: components["schemas"]["Cell"][][];
            /** @description The statements that were run, with a semicolon and an empty line between them. */
            sql: string;
            /**
             * @description One row for everything in the window, its ratios the ratios of the sums. Filters on dimensions apply, those on metrics
             *     and the limit do not.
             */
            totals: components["schemas"]["Figure"][];
            /** @description There are more rows than the page has. */
            truncated: boolean;
            window?: components["schemas"]["WindowShown"] | null;
        };
        /** @description What models give each channel, beside what the platforms claim. Decimals are text. */
        Attribution: {
            brand: components["schemas"]["BrandShown"];
            /** @description Those to which the first model gives most first; what no touch explains, `unattributed`, last. */
            channels: components["schemas"]["ChannelByModel"][];
            freshness: components["schemas"]["Freshness"];
            /** @description In the order of `by_model`. */
            models: components["schemas"]["AttributionModel"][];
            notes: components["schemas"]["Note"][];
            /** @description Everything: of every model the net sales and orders of the window. */
            total: components["schemas"]["ChannelFigures"];
            window: components["schemas"]["WindowShown"];
            /**
             * Format: int32
             * @description Days before an order in which a touch counts; null where it counts however long before.
             */
            window_days?: number | null;
        };
        /**
         * @description Which touch of a journey gets the credit.
         * @enum {string}
         */
        AttributionModel: "first_touch" | "last_touch" | "last_non_direct" | "linear" | "position_based" | "time_decay" | "markov" | "shapley";
        /** @description Who did it. */
        AuditActor: {
            /** @description Of a person or a key. */
            id?: string | null;
            /** @description `user`, `key`, `command`, `operator`, `system`, `setup`, `demo`, `stranger`. */
            kind: string;
            /** @description Its name now; null where it has none, or is gone. */
            name?: string | null;
        };
        /** @description The chain as a whole. */
        AuditChain: {
            /**
             * Format: int64
             * @description How many entries it has.
             */
            entries: number;
            /** @description The hash of the newest entry, in hex. */
            head: string;
            /**
             * Format: date-time
             * @description The oldest entry that lies in the store; older ones are listed, too, and come out of sealed archives.
             */
            hot_since?: string | null;
            /**
             * Format: date-time
             * @description When it was last checked whole and found unbroken; null if it was not, or not yet.
             */
            verified_at?: string | null;
        };
        /** @description One entry. */
        AuditEntry: {
            actor: components["schemas"]["AuditActor"];
            /** Format: date-time */
            at: string;
            /** @description The rest. */
            data: {
                [key: string]: unknown;
            };
            ip?: string | null;
            /** @description What happened, as `thing.happened`. */
            kind: string;
            request_id?: string | null;
            result: components["schemas"]["Outcome"];
            /**
             * Format: int64
             * @description Place in the chain, from 1.
             */
            seq: number;
            /** @description To what, as `thing:<id>`. */
            subject?: string | null;
        };
        /** @description A page of the audit log. */
        AuditPage: {
            chain: components["schemas"]["AuditChain"];
            /** @description Newest first. */
            entries: components["schemas"]["AuditEntry"][];
            /**
             * Format: int64
             * @description What to send as `before` for the next page; null where there is none. A page may have fewer entries than were asked for, or none,
             *     and be followed by another: so many archives were looked through for it.
             */
            next_before?: number | null;
        };
        /** @description A tenant's backups, newest first. */
        BackupList: {
            backups: components["schemas"]["BackupView"][];
            /** @description Whether the private half lies beside the data: whoever takes the machine can then open the archives. */
            identity_on_machine: boolean;
            /** @description A sentence saying why the last one failed; null if it did not, or since the server started. */
            last_failure?: string | null;
            log?: components["schemas"]["BackupLog"] | null;
            /** @description Whether none was made within the last two days. */
            overdue: boolean;
            /** @description Whether one is being made. */
            running: boolean;
            schedule?: components["schemas"]["BackupSchedule"] | null;
            /** @description The public key that archives are sealed for; null before the first backup where none is configured. */
            sealed_for?: string | null;
        };
        /** @description How far the copying of every commit has come. */
        BackupLog: {
            /**
             * Format: date-time
             * @description When the log in use began; null before it does.
             */
            began_at?: string | null;
            /** @description A part of a sentence saying why a new one did; null where that is no longer known. */
            began_because?: string | null;
            /**
             * Format: int32
             * @description Days to any second of which can be restored.
             */
            days: number;
            /**
             * Format: date-time
             * @description Since when.
             */
            failing_since?: string | null;
            /** @description A sentence saying why nothing can be copied now; null while it can. */
            failure?: string | null;
            /**
             * Format: date-time
             * @description The first moment that the log in use can restore; null until its first snapshot is made.
             */
            first_snapshot_at?: string | null;
            /**
             * Format: date-time
             * @description Where the log before it ends, if moments between that and `first_snapshot_at` cannot be restored; else null.
             */
            gap_from?: string | null;
            /**
             * Format: date-time
             * @description The newest snapshot.
             */
            last_snapshot_at?: string | null;
            /**
             * Format: date-time
             * @description Everything that was acknowledged up to then is copied; null before the first entry.
             */
            until?: string | null;
            /**
             * Format: int64
             * @description Bytes that are kept on this machine until they are copied.
             */
            waiting_bytes: number;
            /**
             * Format: int64
             * @description Commits that wait to be copied.
             */
            waiting_commits: number;
            /**
             * Format: date-time
             * @description When the first of them was acknowledged; null where none waits.
             */
            waiting_since?: string | null;
        };
        /** @description What the daily run does. */
        BackupSchedule: {
            /**
             * Format: int32
             * @description The hour of day, UTC, from which on the day's backup is due.
             */
            hour: number;
            /** @description Days of which the newest archive is kept. */
            keep_daily: number;
            /** @description Months of which the newest archive is kept. */
            keep_monthly: number;
            /** @description Weeks of which the newest archive is kept. */
            keep_weekly: number;
        };
        /** @description An archive. */
        BackupView: {
            /**
             * Format: date-time
             * @description The moment that it holds.
             */
            at: string;
            /** Format: int64 */
            bytes: number;
            /** @description Where it lies within the folder of the archives: what `restore --from` takes there. */
            file: string;
            /** @description Its name among the tenant's. */
            id: string;
            /**
             * Format: date-time
             * @description When it was restored into a scratch folder and checked; null if it was not.
             */
            verified_at?: string | null;
            /** @description A sentence saying why it was not sound; null if it was. */
            verify_failure?: string | null;
        };
        /** @description A bar of a chart. */
        Bar: {
            /** Format: int64 */
            at: number;
            /** Format: int64 */
            orders: number;
        };
        /**
         * @description Which day a refund counts on, and attributed sales.
         * @enum {string}
         */
        Basis: "refund_date" | "order_date" | "touch_date";
        /** @description The window compared with, half open. */
        BoardCompare: {
            end: string;
            match: string;
            start: string;
            to: string;
            /** @description Where its last day ends early, because the window's last day is not over. */
            until?: string | null;
        };
        /** @description The window, half open. `from` and `to` are `start` and `end` again, as the address has them. */
        BoardWindow: {
            end: string;
            from: string;
            /** @description Contains now. */
            partial: boolean;
            /** @description Until when it was read, where it contains now. */
            partial_until?: string | null;
            range: string;
            start: string;
            timezone: string;
            to: string;
        };
        /** @description The body of `POST /api/brands`. */
        BrandInput: {
            /** @description ISO 4217, like `USD`. */
            currency: string;
            name: string;
            /** @description Made of the name where it is absent. */
            slug?: string | null;
            /** @description IANA, like `America/New_York`. */
            timezone: string;
            /**
             * Format: int32
             * @description 1 is Monday (the default), 7 Sunday.
             */
            week_start?: number | null;
        };
        /** @description The body of `PATCH /api/brands/{brand}`: what is absent stays. Another currency or time zone rebuilds the figures. */
        BrandPatch: {
            currency?: string | null;
            name?: string | null;
            slug?: string | null;
            timezone?: string | null;
            /** Format: int32 */
            week_start?: number | null;
        };
        /** @description Whose figures. */
        BrandShown: {
            currency: string;
            demo: boolean;
            id: string;
            name: string;
            slug: string;
            timezone: string;
            /**
             * Format: int32
             * @description 1 = Monday to 7 = Sunday.
             */
            week_start: number;
        };
        /** @description A brand as its people see it. */
        BrandView: {
            /** Format: date-time */
            created_at: string;
            /** @description ISO 4217. */
            currency: string;
            /** @description Whether it holds demo data. */
            demo: boolean;
            /** @description Whether anything has landed yet. */
            has_data: boolean;
            /** @description UUID; addresses take it or the slug. */
            id: string;
            name: string;
            /** @description The name in addresses and commands. */
            slug: string;
            /** @description IANA. */
            timezone: string;
            /**
             * Format: int32
             * @description 1 is Monday, 7 Sunday.
             */
            week_start: number;
        };
        /** @description All brands of the tenant, by name. */
        Brands: {
            brands: components["schemas"]["BrandView"][];
        };
        /** @description From each shop's own total to our net sales. */
        Bridge: {
            claims: components["schemas"]["PlatformClaims"];
            /** @description The brand's. */
            currency: string;
            /** @description The first day, in the brand's zone. */
            from: string;
            /** @description As every page and query has it. */
            net_sales: string;
            presets: components["schemas"]["PresetShown"][];
            /** @description Net sales less what the shops come to. Anything but 0 is a defect. */
            residual: string;
            shops: components["schemas"]["ShopBridge"][];
            timezone: string;
            /** @description The day after the last. */
            to: string;
        };
        /** @description A campaign. */
        CampaignRow: components["schemas"]["AdFigures"] & {
            campaign: string;
        };
        /** @description Every metric and dimension. */
        CatalogueView: {
            dimensions: components["schemas"]["DimensionView"][];
            metrics: components["schemas"]["MetricView"][];
        };
        /** @description A dimension's value (text, number or truth), or a metric's figure; null where there is none. */
        Cell: string | number | boolean | null;
        /** @description A tenant after it was closed or opened. */
        ChangedTenant: components["schemas"]["AdminTenant"] & {
            /** @description False where it stood so already. */
            changed: boolean;
        };
        /** @description A channel. */
        ChannelByModel: components["schemas"]["ChannelFigures"] & {
            channel: string;
        };
        /**
         * @description What decided on a channel.
         * @enum {string}
         */
        ChannelDecision: "direct" | "rule" | "otherwise";
        /** @description What is known of a channel, or of all. */
        ChannelFigures: {
            ad_spend: components["schemas"]["Decimal"];
            /** @description In the order of `models`. */
            by_model: components["schemas"]["Given"][];
            /** @description The platform's own claim. */
            platform_conversions: components["schemas"]["Decimal"];
            /** @description The platform's own claim. */
            platform_reported_revenue: components["schemas"]["Decimal"];
            platform_roas?: components["schemas"]["Decimal"] | null;
        };
        /** @description A channel with its campaigns. */
        ChannelRow: components["schemas"]["AdFigures"] & {
            /** @description Those that spent most. */
            campaigns: components["schemas"]["CampaignRow"][];
            /** @description There are more campaigns. */
            campaigns_truncated: boolean;
            channel: string;
        };
        /**
         * @description A channel and what makes a coming one of it: every condition that has patterns must fit with one of them. Patterns are lower case,
         *     whole, with `*` for anything.
         */
        ChannelRule: {
            /**
             * @description Of `utm_campaign`.
             * @default []
             */
            campaign: string[];
            /**
             * @description Like `meta`, `google`, `email`.
             * @default
             */
            channel: string;
            /**
             * @description Of the kind of the click id: `gclid`, `fbclid`.
             * @default []
             */
            click_id: string[];
            /**
             * @description Of `utm_medium`.
             * @default []
             */
            medium: string[];
            /**
             * @description Of the host of the page before, or of a domain above it.
             * @default []
             */
            referrer: string[];
            /**
             * @description Of `utm_source`.
             * @default []
             */
            source: string[];
        };
        /**
         * @description The body of `PUT /api/brands/{brand}/channels`: rules take the place of those there are. Without rules the brand goes by the usual
         *     ones again.
         */
        ChannelRulesInput: {
            /** @description `referral` where it is absent. */
            otherwise?: string | null;
            rules?: components["schemas"]["ChannelRule"][] | null;
        };
        /** @description A brand's rules. */
        ChannelRulesView: {
            /** @description The channel of what fits none. */
            otherwise: string;
            /** @description Whether the brand has its own; else these are those that hold unless one has. */
            own: boolean;
            /** @description Tried from above; the first that fits decides. What tells nothing of where it came from is `direct` before any rule. */
            rules: components["schemas"]["ChannelRule"][];
        };
        /** @description The channel of an address, and what was read out of it: what a visit would be kept as. */
        ChannelTried: {
            by: components["schemas"]["ChannelDecision"];
            campaign?: string | null;
            channel: string;
            /** @description The kind of the click id. */
            click_id?: string | null;
            landing_page?: string | null;
            medium?: string | null;
            /** @description Host of the page before, where that is another's. */
            referrer?: string | null;
            /** @description Place of the rule that decided, the first is 0. */
            rule?: number | null;
            source?: string | null;
        };
        /** @description The body of `POST /api/brands/{brand}/channels/try`. */
        ChannelTryInput: {
            /** @description Address that somebody lands on, with what stands behind its `?`. */
            address: string;
            /** @description With rules: the channel of what fits none, `referral` where it is absent. */
            otherwise?: string | null;
            /** @description Address of the page before, or its host. */
            referrer?: string | null;
            /** @description Rules to be tried; those that the brand goes by where they are absent. */
            rules?: components["schemas"]["ChannelRule"][] | null;
        };
        /** @description A claim beside the credit. */
        ClaimBeside: {
            /** @description Null where the touches name none. */
            campaign?: string | null;
            channel: string;
            claimed: string;
            /** @description As the platform says; it may count in parts. */
            conversions: string;
            credited: string;
            /** @description Of the claim the ad account's own day; of the credit the order's, or the refund's own. */
            day: string;
            difference: string;
            /** @description Orders credited, in whole or in part. */
            orders: number;
        };
        /** @description A step: added to what is above it. */
        ClaimStep: {
            amount: string;
            /** @description Of double claims: days and campaigns with a claim or a credit. */
            claims?: number | null;
            /** @description What of it cannot be tied to an order, and why. */
            not_tied?: string | null;
            /** @description How many orders are behind it; of double claims those that the claiming channels are credited with. */
            orders: number;
            step: components["schemas"]["ClaimStepId"];
        };
        /**
         * @description A step between our net sales and the claims.
         * @enum {string}
         */
        ClaimStepId: "unattributed" | "other_channels" | "double_claims";
        /** @description The platforms' claims by day and campaign, each beside what the model credits: what differs most first. */
        ClaimsBeside: {
            claims: components["schemas"]["ClaimBeside"][];
            /** @description There are more. */
            truncated: boolean;
        };
        /** @description The body of `POST /api/auth/totp/confirm`. */
        CodeOnly: {
            /** @description Six digits. */
            code: string;
        };
        /** @description A cohort, or all of them, at one age. */
        CohortCell: {
            age: number;
            /**
             * @description The age is over. Where it is not, figures are those so far; in the totals every age counts only cohorts that have
             *     completed it.
             */
            complete: boolean;
            contribution_margin?: components["schemas"]["Decimal"] | null;
            /**
             * Format: int64
             * @description Customers with an order at this age.
             */
            customers: number;
            gross_profit?: components["schemas"]["Decimal"] | null;
            ltv?: components["schemas"]["Decimal"] | null;
            ltv_cac?: components["schemas"]["Decimal"] | null;
            net_sales?: components["schemas"]["Decimal"] | null;
            /**
             * Format: int64
             * @description Of the cohorts counted: their customers at the start. What ratios divide by.
             */
            of_customers: number;
            /** Format: int64 */
            orders: number;
            retention?: components["schemas"]["Decimal"] | null;
            value?: components["schemas"]["Decimal"] | null;
        };
        /** @description The customers of one month of first orders. */
        CohortExpected: {
            /** @description How likely one of them still is a customer, on average. */
            alive: components["schemas"]["Decimal"];
            cohort: string;
            customers: number;
            expected: components["schemas"]["ForecastExpected"][];
        };
        /**
         * @description What a cohort's first orders share, and what ages are counted in.
         * @enum {string}
         */
        CohortGrain: "week" | "month";
        /** @description The grid. */
        CohortGrid: {
            /** @description What a customer's value is: of `value`, `ltv`, `ltv_cac` and `payback_age`. */
            basis: components["schemas"]["ValueBasis"];
            brand: components["schemas"]["BrandShown"];
            /** @description In order; cohorts without a customer too. */
            cohorts: components["schemas"]["CohortRow"][];
            currency: string;
            freshness: components["schemas"]["Freshness"];
            grain: components["schemas"]["CohortGrain"];
            notes: components["schemas"]["Note"][];
            /** @description All cohorts together. */
            totals: components["schemas"]["CohortTotals"];
            window: components["schemas"]["CohortWindow"];
        };
        /** @description One cohort. */
        CohortRow: {
            ad_spend?: components["schemas"]["Decimal"] | null;
            cac?: components["schemas"]["Decimal"] | null;
            /** @description Every age that has begun, from 0 on. */
            cells: components["schemas"]["CohortCell"][];
            /** @description `2026-11`, or the first day of the week. */
            cohort: string;
            /**
             * Format: int64
             * @description Customers whose first order ever lies in it.
             */
            customers: number;
            end: string;
            payback: components["schemas"]["Payback"];
            /** @description The first age at which its value has reached its ad spend; null where it has not yet, or nothing was spent. */
            payback_age?: number | null;
            start: string;
        };
        /** @description All cohorts together. At each age only those that have completed it are counted, above and below the line. */
        CohortTotals: {
            ad_spend?: components["schemas"]["Decimal"] | null;
            cac?: components["schemas"]["Decimal"] | null;
            cells: components["schemas"]["CohortCell"][];
            /** Format: int64 */
            customers: number;
            payback: components["schemas"]["Payback"];
            payback_age?: number | null;
        };
        /** @description The cohorts' days, half open. */
        CohortWindow: {
            /** @description The first day that is not over, or lies behind the last order there is: ages that end later are not complete. */
            complete_until: string;
            end: string;
            start: string;
            timezone: string;
        };
        /** @description What to compare with. */
        Compare: {
            /** @description The day after the last of an explicit window. */
            end?: string | null;
            match?: components["schemas"]["Matching"] | null;
            model?: components["schemas"]["AttributionModel"] | null;
            /** @description First day of an explicit window. */
            start?: string | null;
            to: components["schemas"]["CompareTo"];
        };
        /** @description The window compared with, half open. */
        CompareShown: {
            end: string;
            match: string;
            start: string;
            /** @description As asked. */
            to: string;
            /** @description Where the last day of it ends early, because the window's last day is not over. */
            until?: string | null;
        };
        /**
         * @description The names of comparisons; those that a query cannot make yet are refused with a sentence.
         * @enum {string}
         */
        CompareTo: "previous_period" | "previous_year" | "explicit" | "target" | "baseline" | "average_of_periods" | "entity" | "attribution_model" | "metric";
        /** @description What a shop's net sales became in the brand's currency, each order and refund at the rate of its day. */
        ConvertedStep: {
            amount: string;
            currency: string;
            /**
             * Format: int64
             * @description Orders and refunds that no rate converts: they are in no figure.
             */
            unrated: number;
        };
        /** @description The body of `PATCH /api/brands/{brand}/costs/{id}`. */
        CostEnd: {
            /** @description The day after the last; null lets it go on. */
            until?: string | null;
        };
        /** @description A cost as a person enters it. */
        CostInput: {
            /** @description Decimal text. */
            amount?: string | null;
            /** @description Of `shipping` a country (ISO 3166-1), of `payment_fee` a gateway or sales source; all others where it is absent. */
            applies_to?: string | null;
            /** @description ISO 4217; the brand's where it is absent. */
            currency?: string | null;
            /** @description The first day, YYYY-MM-DD, in the brand's zone. */
            from: string;
            kind: components["schemas"]["CostKind"];
            /** @description At most 100 characters; the kind's own name where it is absent. */
            name?: string | null;
            period?: components["schemas"]["CostPeriod"] | null;
            /** @description A fraction as decimal text: 0.029 is 2.9 %. */
            rate?: string | null;
            /** @description The day after the last. */
            until?: string | null;
        };
        /**
         * @description What a cost is about.
         * @enum {string}
         */
        CostKind: "default_cost" | "shipping" | "handling" | "payment_fee" | "fixed";
        /** @description Costs of a brand. */
        CostList: {
            costs: components["schemas"]["CostView"][];
        };
        /**
         * @description What a fixed cost's amount covers. Its days share it: a month's days have that month's share each.
         * @enum {string}
         */
        CostPeriod: "once" | "day" | "week" | "month" | "quarter" | "year";
        /** @description A cost. Days are the brand's own, half open. */
        CostView: {
            /** @description Decimal text in `currency`. */
            amount?: string | null;
            applies_to?: string | null;
            currency: string;
            from: string;
            id: string;
            kind: components["schemas"]["CostKind"];
            name: string;
            period?: components["schemas"]["CostPeriod"] | null;
            /** @description A fraction as decimal text. */
            rate?: string | null;
            /** @description The day after the last; null while it goes on. */
            until?: string | null;
        };
        /** @description The body of `PUT /api/integrations/{id}/credentials`. */
        CredentialsInput: {
            /** @description All that sign in from now on. */
            credentials: {
                [key: string]: string;
            };
            /** @description All settings of the source from now on; they stay where this is absent. */
            settings?: {
                [key: string]: unknown;
            } | null;
        };
        /** @description One customer, by the number that the dimension `customer` has. */
        CustomerExpected: {
            alive: components["schemas"]["Decimal"];
            customer: string;
            expected: components["schemas"]["ForecastExpected"][];
        };
        /** @description Everything that is kept of one customer. */
        CustomerExport: {
            /** @description Each brand that was asked about, also where nothing is kept. */
            brands: components["schemas"]["OfBrand"][];
            /** @description What they were named by. Orders that name them otherwise are another customer's here. */
            named_by: components["schemas"]["NamedBy"];
        };
        /** @description Whom it is about: one of `email` and `customer_id`. */
        CustomerInput: {
            /** @description Id or slug; all brands that the caller may know of where it is absent. */
            brand?: string | null;
            /** @description The id that a source knows the customer by. */
            customer_id?: string | null;
            /** @description The customer's e-mail address. */
            email?: string | null;
        };
        /** @description A line of an order. */
        CustomerLine: {
            /** @description Decimal text, of the line. */
            discount: string;
            /** @description Decimal text, of one unit. */
            price: string;
            product: string;
            /** Format: int64 */
            quantity: number;
            sku?: string | null;
        };
        /** @description An order of a customer. */
        CustomerOrder: {
            city?: string | null;
            /** @description The source that the id is of. */
            connector: string;
            /** @description ISO 3166-1 alpha-2. */
            country?: string | null;
            /** @description ISO 4217, of every amount of the order. */
            currency: string;
            device?: string | null;
            /** @description Codes as the source has them. */
            discount_codes: string[];
            /** @description The source's own id. */
            id: string;
            lines: components["schemas"]["CustomerLine"][];
            name?: string | null;
            /** Format: date-time */
            placed_at: string;
            region?: string | null;
            /** @description Decimal text, after its discount. */
            shipping: string;
            /** @description Decimal text. */
            tax: string;
        };
        /** @description The same of one bucket. */
        CustomerPoint: {
            /** Format: int64 */
            new_customers: number;
            new_sales?: components["schemas"]["Decimal"] | null;
            partial: boolean;
            /** Format: int64 */
            returning_customers: number;
            returning_sales?: components["schemas"]["Decimal"] | null;
            t: string;
        };
        /** @description A refund of a customer. */
        CustomerRefund: {
            /** @description ISO 4217. */
            currency: string;
            /** @description Decimal text: goods without tax and shipping. */
            goods: string;
            /** @description The source's own id. */
            id: string;
            /** @description The order's id, as the source names it. */
            order?: string | null;
            reason?: string | null;
            /** Format: date-time */
            refunded_at: string;
        };
        /** @description How a customer came to their orders. */
        CustomerTouch: {
            /** Format: date-time */
            at: string;
            /** @description The kind of a platform's click id; the id itself is not kept. */
            click_id?: string | null;
            /** @description Path of the page. */
            landing_page?: string | null;
            /** @description Host of the page before. */
            referrer?: string | null;
            /** @description Who told: `shopify`, `pixel` or `file`. */
            told_by: string;
            utm_campaign?: string | null;
            utm_content?: string | null;
            utm_medium?: string | null;
            utm_source?: string | null;
            utm_term?: string | null;
        };
        /** @description A visit of a customer. */
        CustomerVisit: {
            /** Format: int64 */
            adds_to_cart: number;
            /** Format: date-time */
            began: string;
            /** Format: int64 */
            checkouts: number;
            device?: string | null;
            /** Format: date-time */
            ended: string;
            /** @description Path of the first page. */
            landing_page?: string | null;
            /** Format: int64 */
            pages: number;
            /** Format: int64 */
            products: number;
        };
        /** @description New and returning customers. */
        Customers: {
            /** Format: int64 */
            new_customers?: number | null;
            new_sales?: components["schemas"]["Decimal"] | null;
            /** Format: int64 */
            returning_customers?: number | null;
            returning_sales?: components["schemas"]["Decimal"] | null;
            series: components["schemas"]["CustomerPoint"][];
        };
        /** @description A brand's figures on one page. Decimals are text, counts are numbers, what cannot be known is null. */
        Dashboard: {
            brand: components["schemas"]["BrandShown"];
            /** @description Those that spent most first. */
            channels: components["schemas"]["ChannelRow"][];
            /** @description Whose claim the channels' conversions and revenue are. */
            channels_note: string;
            channels_total?: components["schemas"]["AdFigures"] | null;
            compare?: components["schemas"]["BoardCompare"] | null;
            customers: components["schemas"]["Customers"];
            definitions: components["schemas"]["Definition"][];
            freshness: components["schemas"]["Freshness"];
            grain: components["schemas"]["Grain"];
            /** @description The SKUs that run out first, at most ten. */
            inventory: components["schemas"]["StockRow"][];
            /** @description The day at whose end the stock was counted; nothing where no stock is known. */
            inventory_as_of?: string | null;
            /** @description There are more SKUs. */
            inventory_truncated: boolean;
            /** @description The tiles, in their order. */
            kpis: components["schemas"]["Kpi"][];
            /** @description The metric of the main chart. */
            metric: string;
            model: components["schemas"]["AttributionModel"];
            notes: components["schemas"]["Note"][];
            /** @description Those that sold most, at most ten. */
            products: components["schemas"]["ProductRow"][];
            /** @description There are more products. */
            products_truncated: boolean;
            /** @description The main chart. */
            series: components["schemas"]["Point"][];
            window: components["schemas"]["BoardWindow"];
        };
        /**
         * @description Money, a ratio, or another decimal, as text.
         * @example 128400.12
         */
        Decimal: string;
        /** @description What a metric of the answer means. */
        Definition: {
            /** @description Of money. */
            currency?: string | null;
            formula: string;
            good_when: components["schemas"]["GoodWhen"];
            id: string;
            label: string;
            unit: components["schemas"]["Unit"];
        };
        /** @description A dimension. */
        DimensionView: {
            about: string;
            id: string;
            kind: components["schemas"]["Kind"];
            label: string;
            synonyms: string[];
        };
        /**
         * @description Up or down; rows without a value come last either way.
         * @enum {string}
         */
        Dir: "asc" | "desc";
        /**
         * @description Where a figure went; `flat` below half a percent.
         * @enum {string}
         */
        Direction: "up" | "down" | "flat";
        /** @description A secret that waits for its first code. It is shown this once. */
        Enrolment: {
            /** @description The same as a QR code: rows of dark (1) and light (0) modules, without a margin. */
            qr: string[];
            /** @description Base32, to be typed into an app. */
            secret: string;
            /** @description `otpauth://…`, for an app on the same device. */
            uri: string;
        };
        /** @description A tenant's erasures, the newest first, at most 1,000; nothing in them says of whom. */
        ErasureList: {
            erasures: components["schemas"]["Receipt"][];
        };
        /** @description The figure of a metric: decimal text for money, ratios, shares, days and platforms' claims, an integer for counts, null where it cannot be known. */
        Figure: components["schemas"]["Decimal"] | number | null;
        /** @description A condition on a dimension (before summing) or on a metric (after summing). */
        Filter: {
            /** @description Id of a dimension or of a metric. */
            dim: string;
            /** @description How to compare. */
            op: components["schemas"]["Op"];
            value?: components["schemas"]["FilterValue"] | null;
        };
        /** @description A text, number, boolean or day; a list for `in`, `not_in` and `between`; absent for `is_null`. */
        FilterValue: string | number | boolean | (string | number)[];
        /** @description What may be expected, or why nothing is said. */
        Forecast: {
            /** @description The last day that purchases are known of. */
            as_of: string;
            brand: components["schemas"]["BrandShown"];
            checks: components["schemas"]["ForecastCheck"][];
            currency: string;
            customers: number;
            freshness: components["schemas"]["Freshness"];
            /**
             * Format: int32
             * @description Days from the first purchase of all to `as_of`.
             */
            history_days: number;
            prediction?: components["schemas"]["Prediction"] | null;
            refusal?: components["schemas"]["ForecastRefusal"] | null;
            /** @description Customers who bought on two days or more. */
            repeat_customers: number;
        };
        /** @description A test that a model was put to. */
        ForecastCheck: {
            /** @description `repeat_customers`, `history`, `held_out`, `independence`. */
            code: string;
            passed: boolean;
            text: string;
        };
        /** @description Purchases and their value within so many days. */
        ForecastExpected: {
            /** Format: int32 */
            days: number;
            /** @description Days with a purchase, after the first. */
            orders: components["schemas"]["Decimal"];
            value?: components["schemas"]["Decimal"] | null;
        };
        /** @description The parameters that were fitted, as decimal text. */
        ForecastModel: {
            /** @description BG/NBD, time in weeks: r, alpha, a, b. */
            buying: {
                [key: string]: string;
            };
            log_likelihood: string;
            /** @description Gamma-Gamma: p, q, v; null where values of purchases are not predicted. */
            spending?: {
                [key: string]: string;
            } | null;
        };
        /** @description Why nothing is predicted. */
        ForecastRefusal: {
            /** @description `too_few_repeat_customers`, `too_short_history`, `fit_not_converged`, `prediction_missed`. */
            code: string;
            text: string;
        };
        /** @description A kind of file that can be imported. */
        FormatView: {
            /** @description `orders`, `products`, `inventory`, `ads`, `costs` or `rates`. */
            kind: string;
            label: string;
            name: string;
            /** @description Options that such a file may need: `account`, `currency`, `timezone`, `date_format`. */
            needs: string[];
        };
        /** @description How far the figures' data reaches. */
        Freshness: {
            /** @description RFC 3339; nothing where nothing has landed. */
            data_through?: string | null;
            sources: components["schemas"]["SourceFreshness"][];
            /**
             * Format: int64
             * @description The data version: grows with every landing.
             */
            version: number;
        };
        /** @description What a model gives. */
        Given: {
            model: components["schemas"]["AttributionModel"];
            /** @description Orders, with six decimals. */
            orders: components["schemas"]["Decimal"];
            /** @description Net sales. */
            revenue: components["schemas"]["Decimal"];
            revenue_high?: components["schemas"]["Decimal"] | null;
            revenue_low?: components["schemas"]["Decimal"] | null;
            roas?: components["schemas"]["Decimal"] | null;
        };
        /**
         * @description Which direction is good news.
         * @enum {string}
         */
        GoodWhen: "up" | "down" | "neutral";
        /**
         * @description The calendar's buckets, in the brand's zone.
         * @enum {string}
         */
        Grain: "hour" | "day" | "week" | "month" | "quarter" | "year";
        /** @description The form of `POST /api/brands/{brand}/imports`. */
        ImportForm: {
            /** @description The ad account, or the store of an orders file. */
            account?: string | null;
            currency?: string | null;
            /** @description `DD/MM/YYYY` or `MM/DD/YYYY`. */
            date_format?: string | null;
            /**
             * Format: binary
             * @description The export file as it is, or packed with gzip.
             */
            file: string;
            /** @description Recognised by the header where absent. */
            format?: string | null;
            /** @description The mapping file (TOML) of an orders file with columns of its own. */
            map?: string | null;
            timezone?: string | null;
        };
        /** @description A brand's imports, newest first. */
        ImportList: {
            imports: components["schemas"]["ImportView"][];
        };
        /** @description An import as people see it. */
        ImportView: {
            /** Format: int64 */
            bytes_done: number;
            /** Format: int64 */
            bytes_total: number;
            /** Format: date-time */
            created_at: string;
            /** @description A sentence saying why it ended early. */
            error?: string | null;
            file_name: string;
            /** Format: date-time */
            finished_at?: string | null;
            /** @description One of the names of `GET /api/imports/formats`. */
            format: string;
            /** @description UUID. */
            id: string;
            /** @description Where those rows are, with line numbers and reasons; null where there are none. */
            rejects_url?: string | null;
            /**
             * Format: int64
             * @description Rows of the store that are new or changed.
             */
            rows_landed: number;
            /**
             * Format: int64
             * @description Rows of the file.
             */
            rows_read: number;
            /**
             * Format: int64
             * @description Rows of the file that could not land.
             */
            rows_rejected: number;
            /**
             * Format: int64
             * @description Rows of the store that were there already as they are.
             */
            rows_unchanged: number;
            /** @description `queued`, `running`, `done`, `failed` or `interrupted`. */
            state: string;
        };
        /** @description The body of `POST /api/integrations`. */
        IntegrationInput: {
            /** @description Id or slug. */
            brand: string;
            /** @description What signs in, by name: see `GET /api/integrations/sources`. They never come back. */
            credentials?: {
                [key: string]: string;
            };
            /** @description Settings of the source, and `history_days`. */
            settings?: {
                [key: string]: unknown;
            };
            source: components["schemas"]["Source"];
        };
        /** @description Integrations. */
        IntegrationList: {
            integrations: components["schemas"]["IntegrationView"][];
        };
        /**
         * @description How an integration is. The names are those of the public contract.
         * @enum {string}
         */
        IntegrationState: "connecting" | "backfilling" | "healthy" | "degraded" | "needs_sign_in" | "paused";
        /** @description An integration. */
        IntegrationView: {
            /** @description The account as the platform calls it. */
            account?: string | null;
            /** @description The version of the platform's API that is asked for. */
            api_version: string;
            /** @description The brand's id. */
            brand: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description Up to when everything of every stream is there.
             */
            data_through?: string | null;
            /** @description Why it is not healthy, as a sentence. */
            error?: string | null;
            /**
             * Format: date
             * @description The first day on which the version is no longer served, where the platform has said so.
             */
            expires_on?: string | null;
            /** @description UUID. */
            id: string;
            /**
             * Format: date-time
             * @description When it is next looked for what is new; null while it waits for a person.
             */
            next_at?: string | null;
            quota?: components["schemas"]["QuotaView"] | null;
            /** @description The version that answered, where it was another. */
            served_version?: string | null;
            /** @description Its own settings; none of them is secret. */
            settings: {
                [key: string]: unknown;
            };
            /** @description When the sign-in ends by itself, if it does. */
            sign_in_ends_at?: string | null;
            source: components["schemas"]["Source"];
            state: components["schemas"]["IntegrationState"];
            streams: components["schemas"]["StreamView"][];
            /**
             * Format: date-time
             * @description When everything was last read to its end.
             */
            synced_at?: string | null;
            /** @description What works but is less than one would expect. */
            warnings: string[];
            /** @description Where a platform that sends webhooks sends them. */
            webhook_path?: string | null;
        };
        /** @description The body of `POST /api/users/invitations`. */
        InvitationInput: {
            /** @description Ids or slugs of the brands they may know of; all where absent. */
            brands?: string[] | null;
            email: string;
            role: components["schemas"]["Role"];
        };
        /** @description An open invitation. */
        InvitationView: {
            /** @description Ids; null for all. */
            brands?: string[] | null;
            /** Format: date-time */
            created_at: string;
            email: string;
            /** Format: date-time */
            expires_at: string;
            /** @description UUID. */
            id: string;
            role: components["schemas"]["Role"];
        };
        /** @description Open invitations, the newest first. */
        Invitations: {
            invitations: components["schemas"]["InvitationView"][];
        };
        /** @description The body of `POST /api/auth/oidc/start`. */
        InvitedStart: {
            /** @description What stands behind the # of an invitation's link. */
            invitation: string;
        };
        /** @description The ways that led to the orders of a window. */
        Journeys: {
            brand: components["schemas"]["BrandShown"];
            /** @description Orders by the whole days from their first touch. */
            days_to_convert: components["schemas"]["Bar"][];
            freshness: components["schemas"]["Freshness"];
            /**
             * Format: int64
             * @description Orders with a touch.
             */
            orders: number;
            /** @description Those of most orders first. */
            paths: components["schemas"]["PathRow"][];
            /** @description Orders by the number of their touches. */
            touches: components["schemas"]["Bar"][];
            /** @description There are more. */
            truncated: boolean;
            /**
             * Format: int64
             * @description Orders without one.
             */
            unattributed: number;
            window: components["schemas"]["WindowShown"];
            /**
             * Format: int32
             * @description Days before an order in which a touch counts; null where it counts however long before.
             */
            window_days?: number | null;
        };
        /** @description A part of a kept answer that is about a customer, as it is kept: addresses as hashes, names cut out. */
        KeptAnswer: {
            /** @description As the platform answered it. */
            answer: unknown;
            /** Format: date-time */
            kept_at: string;
            source: components["schemas"]["Source"];
            /** @description The stream that it was read for. */
            stream: string;
        };
        /** @description The body of `POST /api/keys`. */
        KeyInput: {
            /** @description Ids or slugs; all brands of its maker where absent. */
            brands?: string[] | null;
            /**
             * Format: int32
             * @description 1 to 365; 90 where absent.
             */
            expires_in_days?: number | null;
            /** @description What it is for. */
            name: string;
            /** @description At most what its maker may. */
            permissions: components["schemas"]["Permission"][];
        };
        /** @description A key, without what makes it one. */
        KeyView: {
            /** @description Ids; null for all brands of its maker. */
            brands?: string[] | null;
            /** Format: date-time */
            created_at: string;
            /** @description Whether its time is over. */
            expired: boolean;
            /** Format: date-time */
            expires_at: string;
            /** @description Eight letters. */
            id: string;
            /**
             * Format: date-time
             * @description To a minute; null for a key that was never used.
             */
            last_used_at?: string | null;
            /** @description The name of its maker, with whom it falls. */
            made_by: string;
            name: string;
            /** @description At most these; less as soon as its maker may less. */
            permissions: components["schemas"]["Permission"][];
            /** @description What the key begins with. */
            prefix: string;
        };
        /** @description Every key of the tenant, the newest first. */
        Keys: {
            keys: components["schemas"]["KeyView"][];
        };
        /**
         * @description What a dimension's values are: decides which filters fit.
         * @enum {string}
         */
        Kind: "text" | "list" | "bool" | "number" | "weekday" | "date" | "bucket";
        /** @description A tile. */
        Kpi: {
            change: components["schemas"]["Figure"];
            change_pct?: components["schemas"]["Decimal"] | null;
            currency?: string | null;
            direction?: components["schemas"]["Direction"] | null;
            formula: string;
            good_when: components["schemas"]["GoodWhen"];
            id: string;
            label: string;
            notes: string[];
            /** @description Contains now. */
            partial: boolean;
            previous: components["schemas"]["Figure"];
            series: components["schemas"]["KpiPoint"][];
            tone: components["schemas"]["Tone"];
            unit: components["schemas"]["Unit"];
            value: components["schemas"]["Figure"];
        };
        /** @description A point of a tile's line. */
        KpiPoint: {
            previous: components["schemas"]["Figure"];
            t: string;
            value: components["schemas"]["Figure"];
        };
        /**
         * @description What a link is good for.
         * @enum {string}
         */
        LinkKind: "invitation" | "reset";
        /** @description A link that was just made. It is shown this once and is good once. */
        LinkMade: {
            /** Format: date-time */
            expires_at: string;
            /** @description UUID. */
            id: string;
            /** @description The address on this instance, from `/` on. */
            link: string;
        };
        /** @description The body of `POST /api/auth/links`. */
        LinkToken: {
            /** @description What stands behind the # of the link. */
            token: string;
        };
        /** @description The body of `POST /api/auth/links/accept`. */
        LinkUse: {
            /** @description Of the invited; a link to a new password needs none. */
            name?: string | null;
            /**
             * Format: password
             * @description 12 characters or more, none of the common ones.
             */
            password: string;
            /** @description What stands behind the # of the link. */
            token: string;
        };
        /** @description Who may sign in now. */
        LinkUsed: {
            email: string;
        };
        /** @description What a link is good for. */
        LinkView: {
            /** @description Whose sign-in. */
            email: string;
            /** Format: date-time */
            expires_at: string;
            kind: components["schemas"]["LinkKind"];
            role: components["schemas"]["Role"];
            /** @description The name of the company. */
            tenant: string;
        };
        /** @description The body of `POST /api/auth/login`. */
        Login: {
            email: string;
            /** Format: password */
            password: string;
            /** @description The code of the second factor, or a recovery code; asked for by 401 `totp_required` after the right password. */
            totp?: string | null;
        };
        /** @description A key that was just made. */
        MadeKey: components["schemas"]["KeyView"] & {
            /** @description The key itself, to be sent as `Authorization: Bearer`. It is shown this once. */
            key: string;
        };
        /** @description A tenant that was just made. */
        MadeTenant: components["schemas"]["AdminTenant"] & {
            owner?: components["schemas"]["LinkMade"] | null;
        };
        /**
         * @description How days of two windows face each other.
         * @enum {string}
         */
        Matching: "dow" | "date";
        /** @description Who is signed in, whose data it is, and which brands there are. */
        Me: {
            /** @description Empty for those who may not see figures. */
            brands: components["schemas"]["MyBrand"][];
            /** @description Whether any of the brands holds demo data. */
            demo: boolean;
            second_factor: components["schemas"]["MyFactor"];
            tenant: components["schemas"]["TenantView"];
            user: components["schemas"]["UserView"];
        };
        /** @description A metric. */
        MetricView: {
            /** @description The dimensions it can be split and filtered by. */
            dimensions: string[];
            /** @description In words. */
            formula: string;
            good_when: components["schemas"]["GoodWhen"];
            id: string;
            label: string;
            synonyms: string[];
            unit: components["schemas"]["Unit"];
        };
        /** @description A permission that is not there. */
        Missing: {
            /** @description As the platform names it. */
            scope: string;
            /** @description What does not work without it, as a sentence. */
            why: string;
        };
        /** @description A brand in short. */
        MyBrand: {
            id: string;
            name: string;
            slug: string;
        };
        /** @description How it stands with one's second factor. Where it is required and neither set up nor passed, one may do nothing else. */
        MyFactor: {
            enrolled: boolean;
            /** @description Whether this session passed one: a code, a passkey, or that of the provider where the person signed in. */
            passed: boolean;
            required: boolean;
        };
        /**
         * @description What a customer is named by.
         * @enum {string}
         */
        NamedBy: "email" | "customer_id";
        /** @description What is told. */
        NewData: {
            /** @description The brand's id. */
            brand: string;
            /**
             * Format: int64
             * @description The data version.
             */
            version: number;
        };
        /** @description The body of `POST /api/setup`. */
        NewOwner: {
            email: string;
            name: string;
            /** Format: password */
            password: string;
            /** @description The name of the company or shop. */
            tenant_name: string;
            /** @description From the server's log, or `pulsepoint setup-token`. */
            token: string;
        };
        /** @description A site that was just made. */
        NewSiteView: components["schemas"]["SiteView"] & {
            /** @description What the shop's own server sends as `X-Pixel-Secret`. It is shown this once. */
            secret: string;
        };
        /** @description The body of `POST /api/users`. */
        NewUser: {
            /** @description Ids or slugs of the brands the person may know of; all where absent. */
            brands?: string[] | null;
            email: string;
            name: string;
            /**
             * Format: password
             * @description 12 characters or more, none of the common ones.
             */
            password: string;
            role: components["schemas"]["Role"];
        };
        /** @description A sentence beside figures. */
        Note: {
            /** @description Stable. */
            code: string;
            text: string;
        };
        /** @description What is kept of a customer of one brand. */
        OfBrand: {
            /** @description The brand's id. */
            brand: string;
            /** @description Names of imported files that name the customer. */
            files: string[];
            /** @description What answers of platforms that are still kept say of them, the oldest first. */
            kept_answers: components["schemas"]["KeptAnswer"][];
            /** @description The oldest first. */
            orders: components["schemas"]["CustomerOrder"][];
            /** @description The oldest first. */
            refunds: components["schemas"]["CustomerRefund"][];
            /** @description Rows of imported files that could not land and name the customer, as they stood there. */
            rejected_rows: string[];
            /** @description How the customer came to the shop, the oldest first. */
            touches: components["schemas"]["CustomerTouch"][];
            /** @description Visits of browsers that ordered as this customer, the oldest first. */
            visits: components["schemas"]["CustomerVisit"][];
        };
        /** @description The body of `POST /api/auth/oidc/code`. */
        OidcCode: {
            /** @description The code of the second factor, or a recovery code. */
            totp: string;
        };
        /**
         * @description How a filter compares. `neq`, `not_in` and `not_contains` keep rows that have no value.
         * @enum {string}
         */
        Op: "eq" | "neq" | "in" | "not_in" | "gt" | "gte" | "lt" | "lte" | "between" | "contains" | "not_contains" | "is_null";
        /** @description By which column rows are sorted. */
        Order: {
            /** @description A dimension or metric of the query, or `x.previous`, `x.change`, `x.change_pct`. */
            by: string;
            dir?: components["schemas"]["Dir"] | null;
        };
        /** @description An order behind a step. */
        OrderBehindView: {
            /** @description Decimal text in the shop's currency; of what is credited in the brand's. */
            amount: string;
            /** @description Of what is credited: to whom. */
            channels: string[];
            /** @description Of the step `currency`: in the brand's currency, null without a rate. */
            converted?: string | null;
            /** @description The source's own id of the order. */
            external_id?: string | null;
            /** @description The order's name; null of a refund whose order is not known. */
            order?: string | null;
            /** Format: date-time */
            placed_at?: string | null;
            /** @description The source's own id of a refund whose order is not known; of `currency` and of what is credited the refunds' day. */
            refund?: string | null;
        };
        /** @description A sort column. */
        OrderShown: {
            by: string;
            dir: string;
        };
        /** @description The orders behind a step, the largest first. */
        OrdersBehind: {
            orders: components["schemas"]["OrderBehindView"][];
            /** @description There are more. */
            truncated: boolean;
        };
        /**
         * @description How what an entry tells of ended.
         * @enum {string}
         */
        Outcome: "done" | "denied" | "failed";
        /** @description Settings of single metrics. */
        Params: {
            basis?: components["schemas"]["Basis"] | null;
            /**
             * Format: int32
             * @description `reorder_quantity`: days that the stock shall last after that, 0 to 365; 28 where absent.
             */
            cover_days?: number | null;
            /** @description The reporting currency of the brand; any other is refused. */
            currency?: string | null;
            /**
             * Format: int32
             * @description `time_decay`: days in which a touch loses half its weight, 1 to 365; 7 where absent.
             */
            half_life_days?: number | null;
            /**
             * Format: int32
             * @description `repeat_rate`: the second order within so many days of the first, 1 to 3,650. `ltv`, `ltv_cac_ratio`: what came in within
             *     so many days of the first order, of the customers who have reached that age; to date where it is absent.
             */
            horizon_days?: number | null;
            /**
             * Format: int32
             * @description `reorder_quantity`, `low_stock`: days until an order arrives, 0 to 365; 14 where absent.
             */
            lead_time_days?: number | null;
            /** @description Touches count however long before the order they were. */
            lifetime?: boolean | null;
            /**
             * Format: int32
             * @description `markov`: touches that make up a state, 1 to 3; 1 where absent.
             */
            markov_order?: number | null;
            /**
             * @description `position_based`: percent of the first, the middle and the last touch, 100 together; 40, 20, 40 where absent. Of two touches
             *     each has its own and half of the middle's.
             */
            position_weights?: number[] | null;
            value_basis?: components["schemas"]["ValueBasis"] | null;
            /**
             * Format: int32
             * @description Days of sales behind `days_of_cover` and `reorder_quantity`, 1 to 365; days before an order in which a touch counts, 1, 7,
             *     14, 28 or 90. 28 where absent.
             */
            window_days?: number | null;
        };
        /** @description One's passkeys, the oldest first. */
        PasskeyList: {
            /** @description Whether passkeys can be made here: `public_url` is set, and is https or localhost. */
            enabled: boolean;
            /** @description The host that they are made for: browsers have them on its pages alone. Null where there are none. */
            host?: string | null;
            passkeys: components["schemas"]["PasskeyView"][];
        };
        /** @description Whether one can sign in with a passkey. */
        PasskeyLogin: {
            enabled: boolean;
            /** @description The host that they are made for; null where there are none. */
            host?: string | null;
        };
        /** @description The body of `POST /api/auth/passkeys/confirm`. */
        PasskeyMade: {
            ceremony: string;
            /** @description What the browser gave, as its `toJSON` writes it. */
            credential: {
                [key: string]: unknown;
            };
            /** @description For the person: 1 to 100 characters. */
            name: string;
        };
        /** @description What a browser is asked for. */
        PasskeyOptions: {
            /** @description To be sent back with the answer; good once, for five minutes. */
            ceremony: string;
            /** @description What `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` of `PublicKeyCredential` take. */
            options: {
                [key: string]: unknown;
            };
        };
        /** @description The body of `POST /api/auth/passkeys/login/confirm`. */
        PasskeyShown: {
            ceremony: string;
            /** @description What the browser gave, as its `toJSON` writes it. */
            credential: {
                [key: string]: unknown;
            };
        };
        /** @description A passkey. */
        PasskeyView: {
            /** Format: date-time */
            created_at: string;
            /** @description UUID. */
            id: string;
            /**
             * Format: date-time
             * @description Null if never.
             */
            last_used_at?: string | null;
            /** @description As the person named it. */
            name: string;
        };
        /** @description The body of `POST /api/auth/password`. */
        PasswordChange: {
            /**
             * Format: password
             * @description The password that holds.
             */
            current: string;
            /**
             * Format: password
             * @description 12 characters or more, none of the common ones.
             */
            new: string;
        };
        /** @description The body of `POST /api/auth/totp`. */
        PasswordOnly: {
            /** Format: password */
            password: string;
        };
        /** @description Orders whose touches came in through the same channels. */
        PathRow: {
            /** @description One after the other, oldest first, equal neighbours once; the last 20. */
            channels: string[];
            /** @description Mean days from the first touch to the order. */
            days: components["schemas"]["Decimal"];
            /** Format: int64 */
            orders: number;
            /** @description Gross sales − discounts of these orders. */
            sales: components["schemas"]["Decimal"];
            /** @description Mean touches an order. */
            touches: components["schemas"]["Decimal"];
        };
        /**
         * @description How long until customers have paid for being won: until the contribution margin that one of them has brought in, before ads,
         *     reaches the CAC. Whatever `basis` says.
         */
        Payback: {
            /** @description Months or weeks, as the grain says, the one of the first order among them: 1 is within it. Null unless paid back. */
            periods?: number | null;
            state: components["schemas"]["PaybackState"];
        };
        /**
         * @description Whether customers have paid for being won.
         * @enum {string}
         */
        PaybackState: "paid_back" | "not_yet" | "nothing_spent" | "unknown";
        /**
         * @description What a route may need.
         * @enum {string}
         */
        Permission: "view" | "ask" | "act" | "connect" | "manage" | "operate";
        /** @description What shows that it is the person: the password, or, without one, a session of the last ten minutes. */
        PersonProof: {
            /** Format: password */
            password?: string | null;
        };
        /**
         * @description When a page may begin to count.
         * @enum {string}
         */
        PixelConsent: "required" | "implied";
        /** @description Something that happened. */
        PixelEvent: {
            /** @description Random, up to 64 characters: told twice, it counts once. */
            i: string;
            /** @description `page`, `product`, `add_to_cart`, `checkout` or `purchase`. */
            k: string;
            /** @description Of a purchase: the order's name at the shop, like `#1001`. */
            n?: string | null;
            /** @description Of a purchase: the order's number at the shop. */
            o?: string | null;
            /** @description Address of the page before, or its origin. */
            r?: string | null;
            /**
             * Format: int64
             * @description When, by the sender's clock: milliseconds of unix time.
             */
            t: number;
            /** @description Address of the page. */
            u?: string | null;
        };
        /** @description A message. */
        PixelMessage: {
            /** @description What happened, at most 50. */
            e: components["schemas"]["PixelEvent"][];
            /**
             * Format: int64
             * @description When it was sent by the sender's own clock: milliseconds of unix time. What differs from ours is taken off every event.
             */
            s?: number | null;
            /** @description The browser's random id within this shop: 16 to 64 letters, digits, `-` or `_`. */
            v: string;
        };
        /** @description One platform's claim. */
        PlatformClaim: {
            channel: string;
            /** @description What the model credits to it. */
            credited: string;
            /** @description The claim less the credit. */
            difference: string;
            revenue: string;
        };
        /**
         * @description From our net sales to the platforms' claims, in the brand's currency. Steps and rows are exact: with six decimals where a rate left
         *     parts of a cent.
         */
        PlatformClaims: {
            /** @description What is claimed beyond our net sales: at least so much is claimed twice, or never sold. 0 where less is claimed. */
            beyond_sales: string;
            channels: components["schemas"]["PlatformClaim"][];
            /** @description What the model credits to the channels that claim: net sales and the first two steps. */
            credited: string;
            /** @description Who is credited with an order. */
            model: components["schemas"]["AttributionModel"];
            /** @description The claims less net sales and all steps. Anything but 0 is a defect. */
            residual: string;
            /** @description Added to our net sales one after the other they come to `total`. */
            steps: components["schemas"]["ClaimStep"][];
            /** @description The sum of the claims; several may claim the same order. */
            total: string;
            /**
             * Format: int32
             * @description Days before an order in which a touch counts.
             */
            window_days: number;
        };
        /** @description A point of the main chart. */
        Point: {
            /** @description Not over. */
            partial: boolean;
            /** @description The chosen metric, and net_sales; nothing where nothing is compared. */
            previous?: {
                [key: string]: components["schemas"]["Figure"];
            } | null;
            /** @description The bucket it is compared with. */
            previous_t?: string | null;
            t: string;
            /** @description By metric: net_sales, ad_spend, mer_ratio, and the chosen one. */
            values: {
                [key: string]: components["schemas"]["Figure"];
            };
        };
        /** @description The body of `PUT /api/users/policy`. */
        Policy: {
            /** @description Whether a second factor is asked of everybody: whoever has none can do nothing but set one up. */
            second_factor_required: boolean;
        };
        /** @description What may be expected of the customers there are; those still to be won are not in it. */
        Prediction: {
            clv_12_months?: components["schemas"]["Decimal"] | null;
            cohorts: components["schemas"]["CohortExpected"][];
            /** @description The most valuable ones, as many as were asked for. */
            listed: components["schemas"]["CustomerExpected"][];
            model: components["schemas"]["ForecastModel"];
            /** @description What one customer who buys for the first time today buys again. */
            of_a_new_customer: components["schemas"]["ForecastExpected"][];
            totals: components["schemas"]["ForecastExpected"][];
        };
        /** @description A figure of another tool, from our rows. Money is decimal text in the brand's currency. */
        PresetShown: {
            basis: components["schemas"]["Basis"];
            /** @description Less our net sales. */
            difference?: string | null;
            formula: string;
            label: string;
            /** @description The metric and basis of the typed query that answer it. */
            metric: string;
            value?: string | null;
            who: string;
        };
        /** @description The body of every answer that is not a success. `code` is stable, `detail` is for a person. */
        Problem: {
            /** @description Stable, for programs. */
            code: string;
            /** @description What is wrong, as a sentence. */
            detail: string;
            /** @description The field at fault, where there is one. */
            field?: string | null;
            /** @description Names this request in logs and events. */
            request_id: string;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The status in words. */
            title: string;
            /** @description Names the kind of problem: `urn:pulsepoint:problem:` and the code. */
            type: string;
        };
        /** @description A product. */
        ProductRow: {
            gross_margin?: components["schemas"]["Decimal"] | null;
            net_sales?: components["schemas"]["Decimal"] | null;
            net_sales_change_pct?: components["schemas"]["Decimal"] | null;
            product?: string | null;
            refund_rate?: components["schemas"]["Decimal"] | null;
            /** Format: int64 */
            units_sold: number;
        };
        /** @description Profit of a window, line by line. */
        ProfitStatement: {
            /** @description The buckets of the grain, or the values of the dimension; a missing value is null. */
            columns: (string | null)[];
            currency: string;
            lines: components["schemas"]["StatementLine"][];
            /** @description Metrics that `by` cannot split. */
            not_split: string[];
            notes: components["schemas"]["Note"][];
            /** @description The question behind it: asked over `…/query` it answers the same figures. */
            query: components["schemas"]["Query"];
            /** @description There are more columns than shown. */
            truncated: boolean;
            window?: components["schemas"]["WindowShown"] | null;
        };
        /** @description How far a pass is. */
        ProgressView: {
            /**
             * Format: int64
             * @description So many of `total` are done, in any unit.
             */
            done: number;
            /**
             * Format: int64
             * @description Of so many.
             */
            total: number;
        };
        /** @description What shows that it is the person. */
        ProofInput: {
            /** @description Six digits, or a recovery code. */
            code: string;
            /** Format: password */
            password: string;
        };
        /** @description What is asked. Only `metrics` and `time` are required (`time` not for snapshot and cohort metrics). */
        Query: {
            attribution_model?: components["schemas"]["AttributionModel"] | null;
            compare?: components["schemas"]["Compare"] | null;
            /** @description Ids of the catalogue, in the order of the columns; at most 6. */
            dimensions?: string[];
            /** @description All must hold. */
            filters?: components["schemas"]["Filter"][];
            grain?: components["schemas"]["Grain"] | null;
            /**
             * Format: int32
             * @description Rows a page, 1 to 10,000; 1,000 where it is absent.
             */
            limit?: number | null;
            /** @description Ids of the catalogue, at least one, at most 20. */
            metrics: string[];
            /**
             * Format: int32
             * @description Rows to leave out at the start.
             */
            offset?: number | null;
            order?: components["schemas"]["Order"] | null;
            /** @description Settings of single metrics. */
            params?: components["schemas"]["Params"];
            time?: components["schemas"]["Time"] | null;
        };
        /** @description What a platform said of its quota. */
        QuotaView: {
            /**
             * Format: int64
             * @description Per cent, 0 to 100, rounded.
             */
            left_percent: number;
            /** @description In its own terms. */
            text: string;
        };
        /** @description The body of `POST /api/integrations/{id}/resync`. */
        RangeInput: {
            /**
             * Format: date
             * @description The first day.
             */
            from: string;
            /**
             * Format: date
             * @description The day after the last.
             */
            to: string;
        };
        /** @description What an erasure did. */
        Receipt: {
            /** @description A sentence about backups. */
            backups: string;
            /**
             * Format: date-time
             * @description Until when backups may still hold the customer; null where no rule removes backups.
             */
            backups_until?: string | null;
            /** @description Ids of the brands that it was done for. */
            brands: string[];
            /** Format: date-time */
            erased_at: string;
            /** @description UUID. */
            id: string;
            /** @description What the customer was named by; orders that name them otherwise are another customer's here. */
            named_by: components["schemas"]["NamedBy"];
            /** @description By table. */
            removed: components["schemas"]["Removed"];
            /** @description What stays, and why. */
            stays: components["schemas"]["Stays"][];
        };
        /** @description Recovery codes. They are shown this once; each is good once. */
        RecoveryCodes: {
            recovery_codes: string[];
        };
        /**
         * @description When a total takes refunds off.
         * @enum {string}
         */
        RefundsCounted: "none" | "refund_date" | "order_date";
        /** @description What could not be understood, the newest first. */
        RejectList: {
            rejects: components["schemas"]["RejectView"][];
        };
        /** @description Something that could not be understood. */
        RejectView: {
            /** Format: date-time */
            first_at: string;
            /** @description As the platform names it, else where it stood. */
            key: string;
            /** Format: date-time */
            last_at: string;
            reason: string;
            stream: string;
            /** @description It, without people, at most 64 kB. */
            text: string;
            /**
             * Format: int64
             * @description How often it was met.
             */
            times: number;
        };
        /** @description How many rows of each table lost what they held of the customer. */
        Removed: {
            /**
             * Format: int64
             * @description Keyed hashes that the customer was known by.
             */
            customers: number;
            /**
             * Format: int64
             * @description Refused rows of imported files that were blanked.
             */
            import_rejects: number;
            /**
             * Format: int64
             * @description Imports whose file's name, options or error were blanked.
             */
            imports: number;
            /**
             * Format: int64
             * @description Orders that lost their customer, their name and their city.
             */
            orders: number;
            /**
             * Format: int64
             * @description Refunds that lost their customer.
             */
            refunds: number;
            /**
             * Format: int64
             * @description Answers of platforms, kept for a while, that the customer was cut out of.
             */
            sync_answers?: number;
            /**
             * Format: int64
             * @description Things of such answers that could not be understood.
             */
            sync_rejects?: number;
            /**
             * Format: int64
             * @description Browsers that lead to nobody any more, and whose visits lost the pages that they saw.
             */
            visitors?: number;
        };
        /** @description What platforms passed on of their customers' rights, the newest first. */
        RequestList: {
            requests: components["schemas"]["RequestView"][];
        };
        /** @description A request as people see it. */
        RequestView: {
            /** @description Of a `data_request`: the copy to hand to the customer, kept for 30 days. */
            answer?: unknown;
            /** Format: date-time */
            answered_at?: string | null;
            /** Format: date-time */
            asked_at: string;
            /** @description The brand's id. */
            brand: string;
            /** @description UUID. */
            id: string;
            /** @description The integration it came by. */
            integration: string;
            /** @description `data_request`, `redact` or `shop_redact`. */
            kind: string;
            /** @description The platform's own number of it. */
            reference?: string | null;
        };
        /**
         * @description What a person is in a tenant.
         * @enum {string}
         */
        Role: "owner" | "admin" | "marketer" | "analyst" | "viewer" | "operator";
        /** @description Runs, the newest first. */
        RunList: {
            runs: components["schemas"]["RunView"][];
        };
        /** @description A run as people see it. */
        RunView: {
            /** @description `schedule`, or who asked for it. */
            asked_by: string;
            /**
             * Format: int64
             * @description Bytes it answered with, unpacked.
             */
            bytes: number;
            /** Format: date-time */
            ended_at?: string | null;
            /** @description The last thing that went wrong. */
            error?: string | null;
            /**
             * Format: int64
             * @description Grows with every run.
             */
            id: number;
            /** @description What the platform last said of its quota. */
            quota?: string | null;
            /**
             * Format: int64
             * @description Requests sent to the platform.
             */
            requests: number;
            /** Format: int64 */
            rows_landed: number;
            /** Format: int64 */
            rows_rejected: number;
            /** Format: int64 */
            rows_unchanged: number;
            /** Format: date-time */
            started_at: string;
            /** @description `running`, `done`, `failed` or `stopped`. */
            state: string;
            /**
             * Format: int64
             * @description Milliseconds that the platform, or a limit of it, had us wait.
             */
            waited_ms: number;
        };
        /** @description How it stands with one's second factor. */
        SecondFactor: {
            /** @description Whether a code is asked for at the sign-in. */
            enrolled: boolean;
            /**
             * Format: int64
             * @description Recovery codes that were not used yet.
             */
            recovery_codes_left: number;
            /** @description Whether it is asked of everybody. */
            required: boolean;
        };
        /** @description A session. */
        SessionView: {
            /** @description Whether it is the one that asks; known by its refresh cookie. */
            current: boolean;
            /** @description Browser and system, in short; empty where the client did not say. */
            device: string;
            /**
             * Format: date-time
             * @description The sign-in.
             */
            first_seen_at: string;
            /** @description UUID. */
            id: string;
            /** @description The address last seen. */
            ip: string;
            /**
             * Format: date-time
             * @description When it last fetched an access token, which a page does when it is opened.
             */
            last_seen_at: string;
        };
        /** @description One's sessions, the one seen last first. */
        Sessions: {
            sessions: components["schemas"]["SessionView"][];
        };
        /** @description Whether the first run is still to come. */
        SetupState: {
            needed: boolean;
        };
        /** @description One shop: a store and the currency it sells in. Money is decimal text in that currency. */
        ShopBridge: {
            converted?: components["schemas"]["ConvertedStep"] | null;
            currency: string;
            /** @description How to tell it, where nobody did. */
            how?: string | null;
            /** @description Ours, in the shop's currency. */
            net_sales: string;
            /** @description Ours less the total and all steps: anything but 0 is a defect, in the rows or in the report. Null without a total. */
            residual?: string | null;
            /** @description From the total to our net sales, in order. Where nobody told a total, from what the orders' own totals would be. */
            steps: components["schemas"]["StepShown"][];
            store: string;
            total?: components["schemas"]["ShopTotal"] | null;
        };
        /**
         * @description Where a total was read: each has a definition of its own.
         * @enum {string}
         */
        ShopReport: "order_totals" | "gross_sales" | "net_sales" | "total_sales";
        /** @description A shop's own total. */
        ShopTotal: {
            amount: string;
            counts: components["schemas"]["TotalDefinition"];
            /** @description Of an entered total. */
            id?: string | null;
            origin: components["schemas"]["TotalOrigin"];
            timezone: string;
        };
        /** @description What a session is told when it begins and when it is refreshed. */
        SignedIn: {
            /** @description To be sent as `Authorization: Bearer`; held in memory only. */
            access_token: string;
            /**
             * Format: int64
             * @description Seconds that the access token is good for.
             */
            expires_in: number;
            /** @description Whose data. */
            tenant: components["schemas"]["TenantView"];
            /** @description `Bearer`. */
            token_type: string;
            /** @description Who signed in. */
            user: components["schemas"]["UserView"];
        };
        /** @description Whether people may sign in at a provider. */
        SingleSignOn: {
            enabled: boolean;
            /** @description What the button says after "Sign in with"; null where it is off. */
            name?: string | null;
        };
        /** @description The body of `POST /api/brands/{brand}/sites`. */
        SiteInput: {
            consent?: components["schemas"]["PixelConsent"] | null;
            name: string;
            /** @description Like `https://shop.example`. */
            origins: string[];
        };
        /** @description The brand's sites, the oldest first. */
        SiteList: {
            sites: components["schemas"]["SiteView"][];
        };
        /** @description A site as its people see it. */
        SiteView: {
            consent: components["schemas"]["PixelConsent"];
            /** Format: date-time */
            created_at: string;
            created_by: string;
            /** @description Its key, which stands in the shop's pages and is no secret. */
            id: string;
            name: string;
            /** @description Whose pages may send. */
            origins: string[];
            /** @description To be pasted into every page of the shop. */
            snippet: string;
        };
        /**
         * @description A platform. The names are those of the public contract.
         * @enum {string}
         */
        Source: "shopify" | "meta_ads" | "tiktok_ads" | "google_ads";
        /** @description Something to type in. */
        SourceField: {
            /** @description Whether hardly anybody needs it. */
            advanced?: boolean;
            example?: string | null;
            /** @description Fields of one group go together; where there are several groups, one of them is enough. */
            group?: string | null;
            help?: string | null;
            label: string;
            name: string;
            /** @description `credentials` or `settings`: where it stands in `POST /api/integrations`. */
            place: string;
            /** @description Whether it has to be there. */
            required?: boolean;
            /** @description Whether it is shown to nobody once it is typed in. */
            secret?: boolean;
        };
        /** @description How far one source's data reaches. */
        SourceFreshness: {
            connector: string;
            data_through: string;
            kind: string;
            landed_at: string;
        };
        /** @description A permission at the platform. */
        SourcePermission: {
            /** @description As the platform names it. */
            scope: string;
            /** @description What it is for. */
            why: string;
        };
        /** @description A source that can be connected to. */
        SourceView: {
            about: string;
            api_version: string;
            /** @description The provider's own page on how to get access. */
            docs: string;
            /**
             * Format: date
             * @description The first day on which that version is no longer served.
             */
            expires_on?: string | null;
            fields: components["schemas"]["SourceField"][];
            /** @description What people call it. */
            label: string;
            permissions: components["schemas"]["SourcePermission"][];
            /** @description Whether a person can allow access on the provider's page: `GET /api/oauth/{source}/start`. */
            sign_in: boolean;
            source: components["schemas"]["Source"];
            /** @description What to do at the provider, one after the other. */
            steps: string[];
            /** @description What is read, in the order in which it is first read. */
            streams: components["schemas"]["StreamKind"][];
            /** @description Why it cannot be reached from here, as a sentence: this installation is offline. Files can be imported all the same. */
            unreachable?: string | null;
            /** @description Whether it tells of changes itself. */
            webhooks: boolean;
        };
        /** @description Where to go on. */
        Start: {
            /** @description At the platform. */
            location: string;
        };
        /** @description Where to go on. */
        StartAddress: {
            /** @description At the provider. */
            location: string;
        };
        /**
         * @description Whether a person may sign in.
         * @enum {string}
         */
        State: "active" | "disabled";
        /** @description A line of the statement. */
        StatementLine: {
            formula: string;
            /** @description The metric's id. */
            id: string;
            label: string;
            role: components["schemas"]["StatementRole"];
            /** @description Decimal text; nothing where it cannot be told (no unit has a cost, or there is nothing to divide by). */
            total?: string | null;
            unit: components["schemas"]["Unit"];
            /** @description One a column. */
            values: (string | null)[];
        };
        /**
         * @description What a line does to the one that follows.
         * @enum {string}
         */
        StatementRole: "plus" | "minus" | "sum" | "ratio";
        /** @description Something that an erasure leaves. */
        Stays: {
            what: string;
            why: string;
        };
        /**
         * @description One difference between a shop's total and ours.
         * @enum {string}
         */
        StepId: "zone" | "test_orders" | "cancelled" | "taxes" | "shipping" | "tips" | "duties" | "gift_cards" | "discounts" | "refund_date";
        /** @description A step: added to what is above it. */
        StepShown: {
            amount: string;
            /**
             * Format: int64
             * @description How many orders are behind it.
             */
            orders: number;
            step: components["schemas"]["StepId"];
        };
        /** @description A SKU, over all warehouses. */
        StockRow: {
            days_of_cover?: components["schemas"]["Decimal"] | null;
            /** Format: int64 */
            inventory_on_hand: number;
            low_stock: boolean;
            product?: string | null;
            projected_stockout_date?: string | null;
            /** Format: int64 */
            reorder_quantity: number;
            size?: string | null;
            sku?: string | null;
            /** @description Always null: the row sums all of them. */
            warehouse?: string | null;
        };
        /** @description A kind of thing that a source has. */
        StreamKind: {
            /**
             * Format: int32
             * @description How far back its first pass can go, days; null is all there is.
             */
            history_days?: number | null;
            label: string;
            name: string;
            /** @description The permission without which it stays empty. */
            scope?: string | null;
        };
        /** @description A stream of an integration. */
        StreamView: {
            /**
             * Format: date-time
             * @description Up to when everything is there; null until its first pass has ended.
             */
            cursor?: string | null;
            label: string;
            last_error?: string | null;
            name: string;
            /**
             * Format: date-time
             * @description When it is next read.
             */
            next_at: string;
            /**
             * Format: date
             * @description The oldest day of which it has brought anything; null where nothing of it has a day.
             */
            oldest?: string | null;
            /** @description Why it is read at present: `backfill`, `recent`, `restate`, `range`; null between two passes. */
            pass?: string | null;
            progress?: components["schemas"]["ProgressView"] | null;
            /**
             * Format: int64
             * @description Rows that were new or changed so far.
             */
            rows: number;
            /** @description `waiting`, `backfilling`, `healthy`, `degraded` or `blocked`. */
            state: string;
        };
        /** @description The body of `POST /mcp/admin/tenants`. */
        TenantInput: {
            /** @description The slug where absent. */
            name?: string | null;
            /** @description Whom to invite as its owner. */
            owner_email?: string | null;
            /** @description 1 to 63 letters a to z, digits and single hyphens within. */
            slug: string;
        };
        /**
         * @description Whether a tenant's people get in.
         * @enum {string}
         */
        TenantState: "active" | "suspended" | "deleting";
        /** @description A tenant as its people see it. */
        TenantView: {
            /** @description UUID. */
            id: string;
            /** @description The name for people. */
            name: string;
            /** @description The name used in commands. */
            slug: string;
        };
        /** @description How a test ended. */
        TestView: {
            /** @description Why not: `later`, `sign_in`, `scope`, `refused`, `unreadable`, `not_allowed`. */
            code?: string | null;
            found?: components["schemas"]["Tested"] | null;
            integration: components["schemas"]["IntegrationView"];
            /** @description Whether the platform was reached and let us in. */
            ok: boolean;
            /** @description The same as a sentence. */
            reason?: string | null;
        };
        /** @description What a test of the connection found. */
        Tested: {
            /** @description The account as the platform calls it: a shop's name, the number of ad accounts. */
            account: string;
            /**
             * Format: date-time
             * @description When the sign-in ends by itself, if it does.
             */
            expires_at?: string | null;
            /** @description Permissions that were granted. */
            granted: string[];
            /** @description Permissions that are needed and were not granted, each with what stays empty without it. */
            missing: components["schemas"]["Missing"][];
            /** @description The API version that answered, where it was another than asked for. */
            served_version?: string | null;
            /** @description What works but is less than one would expect: only 60 days of orders, a token that ends soon. */
            warnings: string[];
        };
        /** @description A window: `start` and `end` (local days `YYYY-MM-DD`, or instants RFC 3339), or the name of a range. */
        Time: {
            /** @description The day or instant after the last. */
            end?: string | null;
            /** @description `today`, `yesterday`, `28d`, `4w`, `12m`, `wtd`, `mtd`, `qtd`, `ytd`, `last_week`, `last_month`, `last_quarter`, `last_year`. */
            range?: string | null;
            /** @description First day or instant. */
            start?: string | null;
        };
        /**
         * @description Whether that is good.
         * @enum {string}
         */
        Tone: "good" | "bad" | "neutral";
        /** @description What a total counts, as far as it differs. */
        TotalCounts: {
            /** @default null */
            cancelled: boolean | null;
            /** @default null */
            discounts: boolean | null;
            /** @default null */
            duties: boolean | null;
            /** @default null */
            gift_cards: boolean | null;
            /** @default null */
            refunds: components["schemas"]["RefundsCounted"] | null;
            /** @default null */
            shipping: boolean | null;
            /** @default null */
            taxes: boolean | null;
            /** @default null */
            test_orders: boolean | null;
            /** @default null */
            tips: boolean | null;
        };
        /**
         * @description What a total counts, as opposed to our net sales, which counts no test order, tax, shipping, tip, duty or gift card, takes discounts
         *     off, and refunds on the day of the refund.
         */
        TotalDefinition: {
            /** @description Cancelled orders are in it. */
            cancelled: boolean;
            /** @description Discounts are taken off. */
            discounts: boolean;
            /** @description What customers paid for bringing the goods over a border. Totals from before it was told apart count none. */
            duties?: boolean;
            /** @description Gift cards sold. */
            gift_cards: boolean;
            refunds: components["schemas"]["RefundsCounted"];
            /** @description What customers paid for shipping. */
            shipping: boolean;
            taxes: boolean;
            /** @description Test orders are in it. */
            test_orders: boolean;
            tips: boolean;
        };
        /** @description The body of `POST /api/brands/{brand}/bridge/totals`. */
        TotalInput: {
            /** @description Decimal text, as the report has it. */
            amount: string;
            /** @description What the report counts where it differs from what the shop's reports count. */
            counts?: components["schemas"]["TotalCounts"];
            /** @description ISO 4217; the brand's where it is absent. */
            currency?: string | null;
            /** @description The report's first day, YYYY-MM-DD. */
            from: string;
            /** @description Which figure of which report it is. */
            report: components["schemas"]["ShopReport"];
            /** @description The store's name; may be absent where the brand has one. */
            store?: string | null;
            /** @description IANA name of the zone that the report's days are in; the brand's where it is absent. */
            timezone?: string | null;
            /** @description The day after its last. */
            to: string;
        };
        /** @description The totals that were entered. */
        TotalList: {
            totals: components["schemas"]["TotalView"][];
        };
        /**
         * @description Where a total comes from.
         * @enum {string}
         */
        TotalOrigin: "person" | "platform";
        /** @description A total that a person read in a shop's report. */
        TotalView: {
            amount: string;
            counts: components["schemas"]["TotalDefinition"];
            currency: string;
            from: string;
            id: string;
            store?: string | null;
            timezone: string;
            to: string;
        };
        /** @description How credentials did that were tried out. */
        TrialView: {
            /** @description Why not: as of a test, or `once` where the credentials are good once and can only be tried by connecting. */
            code?: string | null;
            found?: components["schemas"]["Tested"] | null;
            /** @description Whether the platform was reached and let us in. */
            ok: boolean;
            /** @description The same as a sentence. */
            reason?: string | null;
        };
        /**
         * @description What a figure is measured in.
         * @enum {string}
         */
        Unit: "money" | "count" | "ratio" | "percent" | "days";
        /** @description The body of `PATCH /api/users/{id}`: what is absent stays. */
        UserChange: {
            /** @description True: all brands, also those still to come. */
            all_brands?: boolean | null;
            /** @description Ids or slugs of the brands the person may know of. */
            brands?: string[] | null;
            name?: string | null;
            /** Format: password */
            password?: string | null;
            role?: components["schemas"]["Role"] | null;
            state?: components["schemas"]["State"] | null;
        };
        /** @description A person as its tenant's managers see it. */
        UserRow: {
            /** @description Ids of the brands the person may know of; null for all. */
            brands?: string[] | null;
            /** @description Lower case. */
            email: string;
            /** @description UUID. */
            id: string;
            /**
             * Format: date-time
             * @description Null for somebody who has never signed in.
             */
            last_login_at?: string | null;
            name: string;
            /**
             * Format: int32
             * @description How many passkeys let the person in.
             */
            passkeys: number;
            role: components["schemas"]["Role"];
            /** @description Whether a code is asked for at the sign-in. */
            second_factor: boolean;
            /** @description Whether an account at the provider of single sign-on is bound to the person. */
            single_sign_on: boolean;
            state: components["schemas"]["State"];
        };
        /** @description A person as it sees itself. */
        UserView: {
            /** @description Lower case. */
            email: string;
            /** @description UUID. */
            id: string;
            /** @description As the person writes it. */
            name: string;
            /** @description What the person may do: nothing while a second factor is asked for that is not set up. */
            permissions: components["schemas"]["Permission"][];
            /** @description What the person is in the tenant. */
            role: components["schemas"]["Role"];
        };
        /** @description Everybody of the tenant. */
        Users: {
            users: components["schemas"]["UserRow"][];
        };
        /**
         * @description What a customer is worth.
         * @enum {string}
         */
        ValueBasis: "net_sales" | "gross_profit" | "contribution_margin";
        /** @description A window, half open. */
        WindowShown: {
            /** @description The day, or instant, after the last. */
            end: string;
            /** @description Contains now. */
            partial: boolean;
            /** @description Until when it was read, where it contains now. */
            partial_until?: string | null;
            /** @description The first day, or instant. */
            start: string;
            timezone: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    audit_list: {
        parameters: {
            query?: {
                /** @description Entries before this one: `next_before` of the page before. */
                before?: number;
                /** @description 1 to 200; 50 where absent. A file has all that is wanted, at most 50,000. */
                limit?: number;
                /** @description What happened (`user.created`), or to what (`user`). */
                kind?: string;
                /** @description Who (`user:<id>`), or of which kind (`key`). */
                actor?: string;
                /** @description done, denied or failed */
                result?: string;
                /** @description From this instant on (RFC 3339), or from the beginning of this day, UTC. */
                from?: string;
                /** @description Before this instant, or before the beginning of this day, UTC. */
                to?: string;
                /** @description json (the default) or csv */
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                    "text/csv": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    links_show: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LinkToken"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LinkView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    links_accept: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LinkUse"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LinkUsed"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    oidc_show: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SingleSignOn"];
                };
            };
        };
    };
    oidc_callback: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    oidc_code: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OidcCode"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    oidc_start: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    oidc_start_invited: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InvitedStart"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StartAddress"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    passkeys_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    passkeys_begin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PersonProof"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyOptions"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    passkeys_confirm: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasskeyMade"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    passkeys_can_log_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyLogin"];
                };
            };
        };
    };
    passkeys_ask: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyOptions"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    passkeys_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasskeyShown"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    passkeys_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PersonProof"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    account_change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    auth_refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    account_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sessions"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    account_end_other_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    account_end_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    second_factor_show: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecondFactor"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    second_factor_begin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordOnly"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrolment"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    second_factor_confirm: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodeOnly"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    second_factor_renew: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProofInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    second_factor_remove: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProofInput"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operation_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackupList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operation_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackupList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    brands_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Brands"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    brands_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BrandInput"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BrandView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    brands_show: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BrandView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    brands_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BrandPatch"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BrandView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    figures_attribution: {
        parameters: {
            query?: {
                /** @description As of the dashboard; 30d where absent. */
                range?: string;
                /** @description With custom: the first day. */
                from?: string;
                /** @description With custom: the day after the last. */
                to?: string;
                /** @description first_touch, last_touch, last_non_direct, linear, position_based, time_decay, markov, shapley; all where absent */
                model?: string[];
                /** @description Days before an order in which a touch counts: 1, 7, 14, 28 (the default) or 90. */
                window_days?: number;
                /** @description A touch counts however long before the order. */
                lifetime?: boolean;
                /** @description Of time_decay, 1 to 365 days; 7 where absent. */
                half_life_days?: number;
                /** @description Of position_based: percent of the first, the middle and the last touch, 100 together; 40,20,40 where absent. */
                position_weights?: string;
                /** @description Of markov, 1 to 3; 1 where absent. */
                markov_order?: number;
                /** @description Which day a refund counts on: refund_date (the default) or order_date. */
                basis?: string;
                /** @description Adds between which figures nine of ten draws of the journeys give revenue. */
                intervals?: boolean;
                /** @description json (the default) or csv */
                format?: string;
                /** @description Paths at most, 1 to 1,000; 50 where absent. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attribution"];
                    "text/csv": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    figures_paths: {
        parameters: {
            query?: {
                /** @description As of the dashboard; 30d where absent. */
                range?: string;
                /** @description With custom: the first day. */
                from?: string;
                /** @description With custom: the day after the last. */
                to?: string;
                /** @description first_touch, last_touch, last_non_direct, linear, position_based, time_decay, markov, shapley; all where absent */
                model?: string[];
                /** @description Days before an order in which a touch counts: 1, 7, 14, 28 (the default) or 90. */
                window_days?: number;
                /** @description A touch counts however long before the order. */
                lifetime?: boolean;
                /** @description Of time_decay, 1 to 365 days; 7 where absent. */
                half_life_days?: number;
                /** @description Of position_based: percent of the first, the middle and the last touch, 100 together; 40,20,40 where absent. */
                position_weights?: string;
                /** @description Of markov, 1 to 3; 1 where absent. */
                markov_order?: number;
                /** @description Which day a refund counts on: refund_date (the default) or order_date. */
                basis?: string;
                /** @description Adds between which figures nine of ten draws of the journeys give revenue. */
                intervals?: boolean;
                /** @description json (the default) or csv */
                format?: string;
                /** @description Paths at most, 1 to 1,000; 50 where absent. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Journeys"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bridge_bridge: {
        parameters: {
            query?: {
                /** @description The first day, YYYY-MM-DD. Without `from` and `to`: the last 30 days, ending yesterday. */
                from?: string;
                /** @description The day after the last. */
                to?: string;
                /** @description first_touch, last_touch (the default), last_non_direct, linear, position_based, time_decay: who is credited with an order. */
                model?: string;
            };
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Bridge"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bridge_claims: {
        parameters: {
            query?: {
                /** @description The first day, YYYY-MM-DD. */
                from?: string;
                /** @description The day after the last. */
                to?: string;
                /** @description As of the bridge. */
                model?: string;
                /** @description Rows to leave out at the start. */
                offset?: number;
                /** @description Rows of the page, 1 to 1,000; 100 where it is absent. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClaimsBeside"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bridge_orders: {
        parameters: {
            query?: {
                /** @description The first day, YYYY-MM-DD. */
                from?: string;
                /** @description The day after the last. */
                to?: string;
                /** @description The store's name. */
                store?: string;
                /** @description The shop's currency. */
                currency?: string;
                /** @description The step. */
                step?: "zone" | "test_orders" | "cancelled" | "taxes" | "shipping" | "tips" | "duties" | "gift_cards" | "discounts" | "refund_date" | "currency" | "residual" | "unattributed" | "other_channels" | "credited";
                /** @description As of the bridge. */
                model?: string;
                /** @description Of `credited`: on this day. */
                day?: string;
                /** @description Of `credited`: to this channel. */
                channel?: string;
                /** @description Of `credited`: to this campaign; empty for what names none. */
                campaign?: string;
                /** @description Rows to leave out at the start. */
                offset?: number;
                /** @description Rows of the page, 1 to 1,000; 100 where it is absent. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrdersBehind"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bridge_totals: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TotalList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bridge_state: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TotalInput"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TotalView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    bridge_withdraw: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    channels_show: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelRulesView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    channels_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChannelRulesInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelRulesView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    channels_try_out: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChannelTryInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelTried"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    customers_grid: {
        parameters: {
            query?: {
                /**
                 * @description The first day of first orders; the cohorts that the window touches are whole. Without from and to: the running cohort and
                 *     the twelve before it.
                 */
                from?: string;
                /** @description The day after the last. */
                to?: string;
                /** @description month (the default) or week */
                grain?: string;
                /** @description What a customer's value is: gross_profit (the default), net_sales or contribution_margin */
                basis?: string;
                /** @description Columns at most, 1 to 130; every age until today where absent. */
                ages?: number;
                /**
                 * @description Filters `dim:op:value` on first_product, first_country, first_store, first_source, first_code,
                 *     first_channel; all must hold.
                 */
                f?: string[];
                /** @description json (the default) or csv */
                format?: string;
            };
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CohortGrid"];
                    "text/csv": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    profit_list: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CostList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    profit_create: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CostInput"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CostView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    profit_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    profit_end: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CostEnd"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CostView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    customers_forecast: {
        parameters: {
            query?: {
                /** @description How far ahead, in days, 1 to 730; up to four of them, 90 and 365 where absent. */
                days?: number[];
                /** @description How many customers to list, the most valuable first, by number only: 0 (the default) to 1,000. */
                customers?: number;
            };
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Forecast"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    figures_dashboard: {
        parameters: {
            query?: {
                /** @description today, yesterday, 7d, 28d, 30d (the default), 90d, mtd, last_month, qtd, ytd, 12m, custom */
                range?: string;
                /** @description With custom: the first day. */
                from?: string;
                /** @description With custom: the day after the last. */
                to?: string;
                /** @description prev (the default), yoy, none, custom */
                cmp?: string;
                /** @description With cmp=custom: the first day. */
                cmp_from?: string;
                /** @description With cmp=custom: the day after the last. */
                cmp_to?: string;
                /** @description dow (the default) or date */
                match?: string;
                /** @description hour, day, week, month; by the window's length where absent */
                grain?: string;
                /** @description The metric of the main chart; net_sales where absent. */
                metric?: string;
                /** @description The attribution model; last_touch where absent. */
                model?: string;
                /** @description Days before an order in which a touch counts: 1, 7, 14, 28 (the default) or 90. */
                window_days?: string;
                /** @description true: a touch counts however long before the order. */
                lifetime?: string;
                /** @description Of time_decay, 1 to 365 days; 7 where absent. */
                half_life_days?: string;
                /** @description Of position_based: percent of the first, the middle and the last touch, 100 together; 40,20,40 where absent. */
                position_weights?: string;
                /** @description Of markov, 1 to 3; 1 where absent. */
                markov_order?: string;
                /** @description Which day a refund counts on, and attributed sales: refund_date (the default), order_date or touch_date. */
                basis?: string;
                /** @description Filters `dim:op:value`, all of which must hold. */
                f?: string[];
            };
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dashboard"];
                };
            };
            /** @description As If-None-Match has it */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    brands_remove_demo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    imports_list: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    imports_create: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["ImportForm"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    imports_show: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    imports_rejects: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    profit_statement: {
        parameters: {
            query?: {
                /** @description The first day, YYYY-MM-DD, in the brand's zone. Without `from` and `to`: the last 30 days. */
                from?: string;
                /** @description The day after the last. */
                to?: string;
                /** @description day, week, month, quarter, year */
                grain?: string;
                /** @description A dimension of sales: product, country, store, source, … */
                by?: string;
            };
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfitStatement"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    figures_query: {
        parameters: {
            query?: {
                /** @description json (the default) or csv */
                format?: string;
            };
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Query"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer"];
                    "text/csv": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pixel_list: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pixel_create: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SiteInput"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewSiteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pixel_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id or slug */
                brand: string;
                /** @description The site's key */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    customers_erase: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CustomerInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    customers_erasures: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErasureList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    customers_export: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CustomerInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerExport"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    customers_customer_requests: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    imports_formats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FormatView"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_list: {
        parameters: {
            query?: {
                /** @description Id or slug; all brands that the caller may know of where it is absent. */
                brand?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IntegrationList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IntegrationInput"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IntegrationView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_sources: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SourceView"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_try_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IntegrationInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrialView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_show: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IntegrationView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_delete: {
        parameters: {
            query?: {
                /** @description `keep` (the default) or `delete`. */
                data?: "keep" | "delete";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_reconnect: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CredentialsInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IntegrationView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_pause: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IntegrationView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_rejects: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RejectList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_resume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IntegrationView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_resync: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RangeInput"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IntegrationView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_runs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_sync: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IntegrationView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_test: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TestView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    keys_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Keys"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    keys_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyInput"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeKey"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    keys_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    figures_catalogue: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogueView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_callback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                source: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_start: {
        parameters: {
            query: {
                /** @description The integration's id. It has the app's client id and secret. */
                integration: string;
            };
            header?: never;
            path: {
                source: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Start"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operation_openapi_document: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    auth_setup_state: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SetupState"];
                };
            };
        };
    };
    auth_set_up: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewOwner"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    figures_stream: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["NewData"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    users_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Users"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    users_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserRow"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    invitations_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitations"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    invitations_invite: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InvitationInput"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LinkMade"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    invitations_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    second_factor_require: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Policy"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    users_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    users_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserRow"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    oidc_unbind: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    passkeys_reset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    links_reset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LinkMade"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    users_sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    second_factor_reset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    integrations_shopify: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                integration: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operation_healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    admin_operation_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackupList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_operation_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackupList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_keys_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Keys"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_keys_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyInput"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeKey"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_keys_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tenants_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminTenants"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tenants_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TenantInput"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeTenant"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tenants_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id or slug */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangedTenant"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tenants_restore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id or slug */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangedTenant"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tenants_resume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id or slug */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangedTenant"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tenants_suspend: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id or slug */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangedTenant"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_users_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Users"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_users_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserRow"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_invitations_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitations"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_invitations_invite: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InvitationInput"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LinkMade"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_invitations_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_second_factor_require: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Policy"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_users_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_users_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserRow"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_oidc_unbind: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_passkeys_reset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_links_reset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LinkMade"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_users_sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    admin_second_factor_reset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pixel_script: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/javascript": string;
                };
            };
            /** @description As it was */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    pixel_take: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The site's key */
                site: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "text/plain": components["schemas"]["PixelMessage"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operation_readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operation_how_to_trust: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description The certificate is not of this server's own authority. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    operation_root_certificate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-x509-ca-cert": string;
                };
            };
            /** @description The certificate is not of this server's own authority. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
